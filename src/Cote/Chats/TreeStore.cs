using Cote.Events;

namespace Cote.Chats;

/// <summary>
/// How the active path of a chat changes so that it ends at a message, as read at one moment. It is written only where
/// nothing in the chat has changed since.
/// </summary>
/// <param name="Changed">The chat's <c>changed</c> at that moment.</param>
/// <param name="LeafId">The last message of the path before the change.</param>
/// <param name="AfterSeq">The <c>seq</c> of the last message that both paths share; 0 where they share none.</param>
/// <param name="Leaving">How many messages leave the path.</param>
/// <param name="Entering">The ids of those that enter it, the deepest first.</param>
sealed record PathChange(
    long Changed, string? LeafId, long AfterSeq, long Leaving, IReadOnlyList<string> Entering)
{
    /// <summary>The most messages that may leave, and that may enter: all of them are written at once.</summary>
    public const int MostMoved = 10_000;

    public bool IsTooLong => Leaving > MostMoved || Entering.Count > MostMoved;
}

/// <summary>The SQL of the tree: which messages the active path holds, and how it becomes another one.</summary>
sealed class TreeStore(Database db, EventLog events, MessagesOptions options, Clock clock)
{
    // Along a path, the order of ends differs from that of `seq` by no more than the replies that may be open at once.
    readonly long _window = 2L * options.MaxOpenReplies + 2;

    /// <summary>A message of a chat as far as the tree knows it; null where it is not there.</summary>
    public async Task<(string Sender, string ParentId, bool IsOnPath)?> FindNodeAsync(
        string userId, string chatId, string id, CancellationToken ct) =>
        (await db.ListAsync(
            $"""
            select m.sender, m.parent_id, m.on_path from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
            where m.user_id = {userId} and m.id = {id} and m.chat_id = {chatId} and m.deleted_at is null
            """, row => (row.GetString(0), row.GetString(1), row.GetInt64(2) != 0), ct)) is [var node] ? node : null;

    /// <summary>Which of these are messages of a chat, with what the tree knows of them.</summary>
    public Task<IReadOnlyList<(string Id, string Sender, string ParentId, bool IsOnPath)>> ListNodesAsync(
        string userId, string chatId, IReadOnlyList<string> ids, CancellationToken ct) => db.ListAsync(
        $"""
        select m.id, m.sender, m.parent_id, m.on_path from messages m
        where m.user_id = {userId} and m.id {db.Dialect.In(ids)} and m.chat_id = {chatId} and m.deleted_at is null
        """, row => (row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3) != 0), ct);

    /// <summary>The question on the path that follows a message; null where there is none.</summary>
    public Task<string?> FindQuestionOnPathAsync(
        string userId, string chatId, string parentId, CancellationToken ct) => db.FirstAsync(
        $"""
        select m.id from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.parent_id = {parentId}
          and m.on_path = 1 and m.sender = {Senders.User} and m.deleted_at is null
        """, row => row.GetStringOrNull(0), ct);

    /// <summary>
    /// What changes so that the path ends at a message; null where the chat or the message is not there.
    /// </summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="lastId">The message, or <c>""</c> for the beginning of the chat.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task<PathChange?> PlanAsync(string userId, string chatId, string lastId, CancellationToken ct)
    {
        // What is read after this row may be newer than it: then the write finds that the chat has changed.
        if (await FindChatAsync(userId, chatId, ct) is not { } chat)
            return null;
        var up = lastId.Length == 0 ? [] : await ListUpAsync(userId, chatId, lastId, PathChange.MostMoved, ct);
        if (up.Count == 0 && lastId.Length > 0)
            return null;
        var after = up is [.., { IsOnPath: true } shared] ? shared.Seq : 0;
        var leaving = await db.FirstAsync(
            $"""
            select count(*) from (
              select 1 from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.on_path = 1
                and m.seq > {after} limit {PathChange.MostMoved + 1L}) x
            """, row => row.GetInt64(0), ct);
        return new(chat.Changed, chat.LeafId, after, leaving, [.. up.Where(x => !x.IsOnPath).Select(x => x.Id)]);
    }

    /// <summary>Where a path through a message goes on: at the leaf below it that was left last, else the newest.
    /// </summary>
    public Task<string?> FindLeafBelowAsync(string userId, string chatId, string id, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            with recursive down (id, depth) as (
              select m.id, cast(0 as bigint) from messages m where m.user_id = {userId} and m.id = {id} and m.deleted_at is null
              union all
              select (
                select m.id from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.parent_id = down.id
                  and m.deleted_at is null and m.left_seq > 0 order by m.left_seq desc limit 1), down.depth + 1
              from down where down.id is not null and down.depth <= {(long)PathChange.MostMoved}),
            below (id, seq) as (
              select x.id, cast(0 as bigint) from (
                select down.id from down where down.id is not null order by down.depth desc limit 1) x
              union all
              select m.id, m.seq from below
              join messages m on m.user_id = {userId} and m.chat_id = {chatId} and m.parent_id = below.id
                and m.deleted_at is null)
            select below.id from below order by below.seq desc limit 1
            """, row => row.GetStringOrNull(0), ct);

    /// <summary>
    /// Makes the path end at a message, the leaf of the tree. False where the chat has changed since the plan.
    /// </summary>
    public async Task<bool> SwitchAsync(string userId, string chatId, string leafId, PathChange change)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(
            batch, userId, clock.NewId(), clock.Now, 1, Unchanged(userId, chatId, change.Changed));
        Move(transaction, chatId, change);
        transaction.Append(EventTypes.ChatPath, chatId, n: change.AfterSeq);
        transaction.Execute($"""
            update chats set changed = h.seq, leaf_id = {leafId}, last_message_content = coalesce({LastContent(userId, chatId)}, '')
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
            """);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>Adds the statements that let messages leave the path and enter it.</summary>
    public void Move(EventTransaction transaction, string chatId, PathChange change)
    {
        if (change.Leaving > 0)
            transaction.Execute($"""
                update messages set on_path = 0, left_seq = h.seq
                from {transaction.Locked} and messages.user_id = {transaction.UserId} and messages.chat_id = {chatId}
                  and messages.on_path = 1 and messages.seq > {change.AfterSeq}
                """);
        if (change.Entering.Count > 0)
            transaction.Execute($"""
                update messages set on_path = 1
                from {transaction.Locked} and messages.user_id = {transaction.UserId}
                  and messages.id {db.Dialect.In(change.Entering)}
                """);
    }

    /// <summary>The guard of a change that was planned: nothing in the chat has changed since.</summary>
    public static Sql Unchanged(string userId, string chatId, long changed) => $"""
        exists (select 1 from chats c where c.user_id = {userId} and c.id = {chatId} and c.deleted_at is null
          and c.changed = {changed})
        """;

    /// <summary>
    /// The excerpt of the message of the path that was sent, or ended with text, last in time; null where there is
    /// none. <paramref name="without"/> leaves some out, which are called <c>l</c>.
    /// </summary>
    public Sql LastContent(string userId, string chatId, Sql? without = null) => $"""
        (select substr(m.content, 1, cast({Chat.LongestExcerpt} as integer)) from messages m
         where m.user_id = {userId} and m.id = (
          select n.id from (
            select l.id, l.seq, l.event_seq, case when l.sender = 'user' or l.content <> '' then 1 else 0 end as is_shown
            from messages l where l.user_id = {userId} and l.chat_id = {chatId} and l.on_path = 1 and {without ?? $"1 = 1"}
            order by l.seq desc limit {_window}) n
          where n.event_seq > 0 and n.is_shown = 1 order by n.event_seq desc, n.seq desc limit 1))
        """;

    /// <summary>A chat's last change and the leaf of its path; null where there is no such chat.</summary>
    public async Task<(long Changed, string? LeafId, bool IsBranched, string LastContent)?> FindChatAsync(
        string userId, string chatId, CancellationToken ct) =>
        (await db.ListAsync(
            $"""
            select c.changed, c.leaf_id, c.is_branched, c.last_message_content from chats c
            where c.user_id = {userId} and c.id = {chatId} and c.deleted_at is null
            """,
            row => (row.GetInt64(0), row.GetStringOrNull(1), row.GetInt64(2) != 0, row.GetString(3)), ct))
            is [var chat] ? chat : null;

    /// <summary>
    /// The beginning of a query: the table <c>up</c> (<c>id, parent_id, seq, on_path, depth</c>) holds a message and
    /// those before it, so many and one more at the most.
    /// </summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="id">The message.</param>
    /// <param name="most">How far up it goes.</param>
    /// <param name="goesOn">A condition on the last row of <c>up</c> without which it ends there.</param>
    public static Sql WithAncestors(string userId, string chatId, string id, long most, Sql? goesOn = null) => $"""
        with recursive up (id, parent_id, seq, on_path, depth) as (
          select m.id, m.parent_id, m.seq, m.on_path, cast(1 as bigint) from messages m
          where m.user_id = {userId} and m.id = {id} and m.chat_id = {chatId} and m.deleted_at is null
          union all
          select m.id, m.parent_id, m.seq, m.on_path, up.depth + 1 from up
          join messages m on m.user_id = {userId} and m.id = up.parent_id
          where up.depth <= {most} and {goesOn ?? $"1 = 1"})
        """;

    /// <summary>
    /// A message and those before it, up to the first that is on the path, or so many that are beside it and one more.
    /// </summary>
    public Task<IReadOnlyList<(string Id, long Seq, bool IsOnPath)>> ListUpAsync(
        string userId, string chatId, string id, long most, CancellationToken ct) => db.ListAsync(
        $"""
        {WithAncestors(userId, chatId, id, most, $"up.on_path = 0")}
        select up.id, up.seq, up.on_path from up order by up.seq desc
        """, row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2) != 0), ct);
}
