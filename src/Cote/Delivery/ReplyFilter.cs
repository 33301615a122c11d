using Cote.Events;

namespace Cote.Delivery;

/// <summary>What a reader is shown that follows one reply to its end.</summary>
/// <param name="Chat">Where the two messages are.</param>
/// <param name="Question">With <paramref name="Reply"/>: nothing but these two messages and the text of the reply.</param>
/// <param name="Reply">The reply to follow.</param>
sealed record ReplyFilter(string Chat, string Question, string Reply)
{
    /// <summary>Is this durable frame one of those?</summary>
    public bool Shows(Frame frame) => frame.Type != EventTypes.MessageStatus
        && (frame.MessageId == Question || frame.MessageId == Reply || (frame.Type == EventTypes.ChatDeleted && frame.ChatId == Chat));

    /// <summary>Is there nothing more to come after this one?</summary>
    public bool EndsWith(Frame shown) =>
        shown.MessageId == Reply || shown.Type is EventTypes.MessageDeleted or EventTypes.ChatDeleted;
}
