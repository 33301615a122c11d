using Cote.Chats;
using Cote.Events;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>A title that this node is to ask for.</summary>
/// <param name="State">The chat's <c>title_state</c>, which is the fence together with the reply.</param>
/// <param name="Question">The beginning of the question.</param>
/// <param name="Reply">The beginning of the reply.</param>
sealed record TitleTask(
    string UserId, string ChatId, long State, string ReplyId, string Question, string Reply);

/// <summary>The SQL of titles that a model makes. What a person writes meanwhile wins.</summary>
sealed class TitleStore(Database db, EventLog events, Clock clock)
{
    /// <summary>How long a node has for one title, by the database's clock.</summary>
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    static readonly Sql IsDue = $"title_state in (2, 3) and title_source = 'auto' and deleted_at is null";

    /// <summary>Chats for which a model is to be asked, and nobody does.</summary>
    public Task<IReadOnlyList<(string UserId, string ChatId)>> ListDueAsync(long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select user_id, id from chats where {IsDue} and title_lease < {db.Dialect.Now}
            order by title_state, title_lease limit {limit}
            """, row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>
    /// Takes a chat for this node, so that no other one asks; null where it was taken, or has nothing to ask about any
    /// more. It is taken twice at the most.
    /// </summary>
    public async Task<TitleTask?> ClaimAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        var claim = batch.Query(
            $"""
            update chats set title_state = title_state + 1, title_lease = {db.Dialect.Now} + {(long)Lease.TotalMilliseconds}
            where user_id = {userId} and id = {chatId} and {IsDue} and title_lease < {db.Dialect.Now}
            returning title_state, title_reply_id
            """, row => (State: row.GetInt64(0), ReplyId: row.GetStringOrNull(1) ?? ""));
        var texts = batch.Query(
            $"""
            select {Begin($"q")}, {Begin($"r")} from chats c
            join messages r on r.user_id = c.user_id and r.id = c.title_reply_id and r.deleted_at is null
            join messages q on q.user_id = c.user_id and q.id = r.reply_to_id and q.deleted_at is null
            where c.user_id = {userId} and c.id = {chatId}
            """, row => (Question: row.GetString(0), Reply: row.GetString(1)));
        await db.WriteAsync(batch);
        if (claim.Items is not [var (state, replyId)])
            return null;
        if (texts.Items is [var (question, reply)])
            return new(userId, chatId, state, replyId, Cut(question), Cut(reply));
        // They were deleted: the next reply may have a title in it.
        await SetStateAsync(new(userId, chatId, state, replyId, "", ""), TitleStates.Waiting);
        return null;
    }

    /// <summary>Sets the title, unless a person has written one since, or the chat is gone.</summary>
    public Task FinishAsync(TitleTask task, string title)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(
            batch, task.UserId, clock.NewId(), clock.Now, 1,
            ChatStore.Lives(task.UserId, task.ChatId, IsHeld(task, $"c")));
        transaction.Execute($"""
            update chats set title = {title}, title_state = {TitleStates.None}, title_reply_id = null, changed = h.seq
            from {transaction.Locked} and chats.user_id = {task.UserId} and chats.id = {task.ChatId}
            """);
        transaction.Append(EventTypes.ChatUpdated, task.ChatId);
        return events.CommitAsync(batch, task.UserId, transaction);
    }

    /// <summary>The call failed, or its answer is no title: it is not made again.</summary>
    public Task GiveUpAsync(TitleTask task) => SetStateAsync(task, TitleStates.None);

    /// <summary>The call was cut off by the end of this process: whoever looks next may make it once more.</summary>
    public Task ReleaseAsync(TitleTask task) => SetStateAsync(task, task.State);

    /// <summary>Ends all leases: where no second process can exist, those found at the start have no owner.</summary>
    public Task VoidLeasesAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"update chats set title_lease = 0 where title_state in (2, 3) and title_lease > 0");
        return db.WriteAsync(batch);
    }

    Task<Outcome> SetStateAsync(TitleTask task, long state)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, task.UserId);
        batch.Execute($"""
            update chats set title_state = {state}, title_lease = 0
            where user_id = {task.UserId} and id = {task.ChatId} and {IsHeld(task, $"chats")}
            """);
        return db.WriteAsync(batch);
    }

    static Sql IsHeld(TitleTask task, Sql chat) => $"""
        {chat}.title_source = 'auto' and {chat}.title_state = {task.State} and {chat}.title_reply_id = {task.ReplyId}
        """;

    // Of a question without text, the name of its first upload.
    static Sql Begin(Sql message) => $"""
        case when {message}.content <> '' then substr({message}.content, 1, cast({TitleText.LongestExcerpt} as integer))
          else coalesce((
            select f.name from message_media n join media f on f.user_id = n.user_id and f.id = n.media_id
            where n.user_id = {message}.user_id and n.message_id = {message}.id order by n.place limit 1), '') end
        """;

    // The databases count code points.
    static string Cut(string text) => Excerpt.Of(text, TitleText.LongestExcerpt);
}
