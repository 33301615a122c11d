using Cote.Events;

namespace Cote.Delivery;

/// <summary>What a subscription shows that does not show everything of its user.</summary>
abstract record SubscriptionFilter
{
    /// <summary>Whether it shows this durable frame.</summary>
    public abstract bool Includes(Frame frame);

    /// <summary>Whether nothing more comes after this frame.</summary>
    public abstract bool EndsWith(Frame frame);

    /// <summary>Whether it shows the text of this reply.</summary>
    public abstract bool Includes(string chatId, string replyId);
}

/// <summary>What the stream of one reply shows: two messages, and the text of the reply.</summary>
sealed record ReplyFilter(string ChatId, string QuestionId, string ReplyId) : SubscriptionFilter
{
    public override bool Includes(Frame frame) => frame.Type != EventTypes.MessageStatus
        && (frame.MessageId == QuestionId
            || frame.MessageId == ReplyId || (frame.Type == EventTypes.ChatDeleted && frame.ChatId == ChatId));

    public override bool EndsWith(Frame frame) =>
        frame.MessageId == ReplyId && frame.Type == EventTypes.Message
        || frame.Type is EventTypes.MessageDeleted or EventTypes.ChatDeleted;

    public override bool Includes(string chatId, string replyId) => replyId == ReplyId;
}

/// <summary>What the stream of a share shows: one chat.</summary>
sealed record ChatFilter(string ChatId) : SubscriptionFilter
{
    public override bool Includes(Frame frame) => frame.ChatId == ChatId
        && frame.Type is not (EventTypes.MessageStatus or EventTypes.MessageFeedback);

    public override bool EndsWith(Frame frame) => frame.Type == EventTypes.ChatDeleted;

    public override bool Includes(string chatId, string replyId) => chatId == ChatId;
}
