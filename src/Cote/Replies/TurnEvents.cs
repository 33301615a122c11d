using Cote.Chats;

namespace Cote.Replies;

/// <summary>Announces what this node has committed of turns, once each and after the commit.</summary>
sealed class TurnEvents
{
    /// <summary>A question was stored. Raised on the sender's path: a handler must not block.</summary>
    public event Action<string, Message>? MessageSent;

    /// <summary>A reply has ended, whatever its end. Raised on the run's path: a handler must not block.</summary>
    public event Action<PendingReplyRow, ReplyEnd>? ReplyEnded;

    public void OnMessageSent(string userId, Message message) => MessageSent?.Invoke(userId, message);

    public void OnReplyEnded(PendingReplyRow reply, ReplyEnd end) => ReplyEnded?.Invoke(reply, end);
}
