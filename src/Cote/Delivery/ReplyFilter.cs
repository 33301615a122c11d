using Cote.Events;

namespace Cote.Delivery;

/// <summary>What the stream of one reply shows: two messages, and the text of the reply.</summary>
sealed record ReplyFilter(string ChatId, string QuestionId, string ReplyId)
{
    /// <summary>Whether this durable frame is about one of them.</summary>
    public bool Includes(Frame frame) => frame.Type != EventTypes.MessageStatus
        && (frame.MessageId == QuestionId
            || frame.MessageId == ReplyId || (frame.Type == EventTypes.ChatDeleted && frame.ChatId == ChatId));

    /// <summary>Whether nothing more comes after this frame.</summary>
    public bool EndsWith(Frame frame) =>
        frame.MessageId == ReplyId && frame.Type == EventTypes.Message
        || frame.Type is EventTypes.MessageDeleted or EventTypes.ChatDeleted;
}
