using Cote.Events;

namespace Cote.Chats;

/// <summary>The SQL of what users think of replies.</summary>
sealed class FeedbackStore(EventLog events, Clock clock)
{
    /// <summary>Sets the feedback on a reply, or takes it back; false where there is no such reply.</summary>
    public async Task<bool> SetAsync(string userId, string chatId, string replyId, Feedback? feedback)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, 1, $"""
            {ChatStore.Lives(userId, chatId)} and exists (
              select 1 from messages m where m.user_id = {userId} and m.id = {replyId} and m.chat_id = {chatId}
                and m.sender = 'ai' and m.deleted_at is null)
            """);
        transaction.Execute($"""
            update messages set rating = {feedback?.Rating}, feedback_text = {feedback?.Text}
            from {transaction.Locked} and messages.user_id = {userId} and messages.id = {replyId}
            """);
        transaction.Execute($"""
            update chats set changed = h.seq from {transaction.Locked}
              and chats.user_id = {userId} and chats.id = {chatId}
            """);
        transaction.Append(EventTypes.MessageFeedback, chatId, replyId);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }
}
