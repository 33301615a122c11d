using System.Text.Json;
using Cote.Events;
using Cote.Media;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>The SQL of messages as clients see them. That of running replies is in Replies/ReplyStore.cs.</summary>
sealed class MessageStore(Database db, EventLog events, Clock clock)
{
    static readonly Sql NotDeleted = $"m.deleted_at is null";

    /// <summary>The columns of a message, in the order that <see cref="Read(Row, int)"/> takes them.</summary>
    public static readonly Sql All = $"""
        m.id, m.chat_id, m.seq, m.content, m.type, m.sender, m.timestamp, m.status, m.media, m.reply_to_id, m.importance,
        m.reply_id, m.event_seq, m.state, m.attempt, m.text_attempt, m.model, m.error_code, m.error_detail, m.usage,
        m.finish_reason
        """;

    public const int Width = 21;

    public static Message Read(Row row) => Read(row, 0);

    public static Message Read(Row row, int at)
    {
        var content = row.GetString(at + 3);
        // A row of an older version may hold more text than an answer can carry.
        if (content.Length > Message.LongestContent)
            content = Excerpt.Of(content, Message.LongestContent);
        return new(
            row.GetString(at), row.GetString(at + 1), row.GetInt64(at + 2), content, row.GetString(at + 4),
            row.GetString(at + 5), new(row.GetInt64(at + 6)), row.GetString(at + 7),
            ReadMedia(row.GetString(at + 8)),
            row.GetStringOrNull(at + 9), row.GetString(at + 10), row.GetStringOrNull(at + 11),
            ReadGeneration(row, at, content))
        {
            EventSeq = row.GetInt64(at + 12),
        };
    }

    static Generation? ReadGeneration(Row row, int at, string content)
    {
        var error = row.GetStringOrNull(at + 17) is { } code
            ? new GenerationError(code, row.GetStringOrNull(at + 18) ?? "") : null;
        if (row.GetStringOrNull(at + 13) is not { } state)
            return error is null ? null : new Generation(Error: error); // A question that a provider refused.
        return new(
            state, content.Length > 0 ? row.GetInt64(at + 15) : row.GetInt64(at + 14),
            row.GetStringOrNull(at + 16) ?? "",
            row.GetStringOrNull(at + 20), error,
            row.GetStringOrNull(at + 19) is { } usage
                ? JsonSerializer.Deserialize(usage, MessagesJson.Default.Usage) : null);
    }

    /// <summary>A message of a chat that is there, listed or not.</summary>
    public Task<Message?> FindAsync(string userId, string? chatId, string id, CancellationToken ct)
    {
        Sql which = $"m.user_id = {userId} and m.id = {id} and {NotDeleted}";
        if (chatId is not null)
            which = $"{which} and m.chat_id = {chatId}";
        return db.FirstAsync(
            $"""
            select {All} from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
            where {which}
            """, Read, ct);
    }

    public async Task<IdempotencyRecord?> FindIdempotencyAsync(string userId, string id, CancellationToken ct) =>
        (await db.ListAsync(
            $"""
            select m.fingerprint, coalesce(m.deleted_at, c.deleted_at) from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id where m.user_id = {userId} and m.id = {id}
            """,
            row => new IdempotencyRecord(row.GetString(0), !row.IsDBNull(1)), ct)) is [var record] ? record : null;

    /// <summary>How many of these replies ended as stopped.</summary>
    public async Task<int> CountStoppedAsync(string userId, IEnumerable<string> ids, CancellationToken ct) =>
        (int)await db.FirstAsync(
        $"""
        select count(*) from messages m
        where m.user_id = {userId} and m.id in {db.Dialect.EachOf(ids)} and m.state = {States.Stopped} and {NotDeleted}
        """, row => row.GetInt64(0), ct);

    /// <summary>A chat's last change, and whether a reply in it is open; null where there is no such chat.</summary>
    public async Task<(long Changed, bool IsOpen)?> FindChatStateAsync(
        string userId, string chatId, CancellationToken ct) =>
        (await db.ListAsync(
            $"""
            select c.changed, case when exists (
                select 1 from messages o where o.user_id = {userId} and o.chat_id = {chatId} and o.state in ('queued', 'running')
              ) then cast(1 as bigint) else cast(0 as bigint) end
            from chats c where c.user_id = {userId} and c.id = {chatId} and c.deleted_at is null
            """, row => (row.GetInt64(0), row.GetInt64(1) != 0), ct)) is [var look] ? look : null;

    /// <summary>Listed messages that follow one, ascending.</summary>
    public Task<IReadOnlyList<Message>> ListAfterAsync(
        string userId, string chatId, long after, long limit, Func<Message, bool> enough, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select {All} from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.seq > {after}
              and m.listed = 1 and {NotDeleted} order by m.seq limit {limit}
            """, Read, ct, enough);

    /// <summary>Listed messages before one, newest first.</summary>
    public Task<IReadOnlyList<Message>> ListBeforeAsync(
        string userId, string chatId, long before, long limit, Func<Message, bool> enough, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select {All} from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.seq < {before}
              and m.listed = 1 and {NotDeleted} order by m.seq desc limit {limit}
            """, Read, ct, enough);

    /// <summary>Moves replies forward in their status, those that are not so far yet, each with its event.</summary>
    /// <param name="isShown">True where the client has been shown text that no checkpoint has brought to the row
    /// yet.</param>
    public Task MarkAsync(string userId, IEnumerable<string> replies, string status, bool isShown = false)
    {
        // Many at once, as whoever reads many replies makes them: what is to be moved is looked for by each statement
        // anew, and the head's lock keeps it the same until the last one has moved it.
        Sql movable = $"""
            from messages m join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
            where m.user_id = {userId} and m.id in {db.Dialect.EachOf(replies)} and m.sender = 'ai' and (m.listed = 1 or {isShown} = 1)
              and (m.status = 'sent' or m.status = 'delivered' and {status} = 'read') and {NotDeleted}
            """;
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, movable);
        transaction.AppendEach(EventTypes.MessageStatus, movable);
        transaction.Execute($"""
            update chats set changed = h.seq from {transaction.Locked} and chats.user_id = {userId} and chats.id in (select m.chat_id {movable})
            """);
        transaction.Execute($"""
            update messages set status = {status} from {transaction.Locked} and messages.user_id = {userId} and messages.id in (select m.id {movable})
            """);
        return events.CommitAsync(batch, userId, transaction);
    }

    /// <summary>
    /// Takes messages away, a question with its reply. The rows stay without their content, so that their ids stay
    /// used, and an open one loses its state, which is the fence: whoever makes it can write no more.
    /// </summary>
    public async Task<bool> DeleteAsync(string userId, string chatId, IReadOnlyList<string> ids)
    {
        var batch = new WriteBatch();
        Sql guard = ChatStore.Lives(userId, chatId);
        foreach (var id in ids)
            guard = $"{guard} and exists (select 1 from messages m "
                + $"where m.user_id = {userId} and m.id = {id} and {NotDeleted})";
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, ids.Count, guard);
        foreach (var id in ids)
        {
            transaction.Execute($"""
                update messages set {Blank(transaction.At)}
                from {transaction.Locked} and messages.user_id = {userId} and messages.id = {id}
                """);
            MediaStore.Release(transaction, id);
            SearchIndex.Remove(transaction, chatId, id);
            transaction.Append(EventTypes.MessageDeleted, chatId, id);
        }
        // What the chat shows as its last message is now the one before: that which was sent or ended last of the rest.
        Sql last(Sql column, Sql which) => $"""
            (select {column} from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.event_seq > 0
             and {NotDeleted} and {which} order by m.event_seq desc limit 1)
            """;
        transaction.Execute($"""
            update chats set changed = h.seq,
              last_message_time = coalesce({last($"m.timestamp", $"1 = 1")}, created_at),
              last_message_content = coalesce({last($"substr(m.content, 1, cast({Chat.LongestExcerpt} as integer))", $"(m.content <> '' or m.sender = 'user')")}, ''),
              activity = coalesce({last($"m.event_seq", $"1 = 1")}, created_seq)
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
            """);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>
    /// Takes a chat away. Its messages are out of reach at once; their content goes in the background.
    /// </summary>
    public async Task<bool> DeleteChatAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(
            batch, userId, clock.NewId(), clock.Now, 1, ChatStore.Lives(userId, chatId));
        transaction.Execute($"""
            update chats set deleted_at = {transaction.At}, title = '', last_message_content = '', system_prompt = null
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
            """);
        transaction.Execute($"""
            update messages set {Blank(transaction.At)} from {transaction.Locked} and messages.user_id = {userId}
              and messages.chat_id = {chatId} and messages.state in ('queued', 'running')
            """);
        SearchIndex.Remove(transaction, chatId, "");
        transaction.Append(EventTypes.ChatDeleted, chatId);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>
    /// Removes the content of messages whose chat is gone, so many in one unit; true where more may be left.
    /// </summary>
    public async Task<bool> BlankAsync(int most)
    {
        var batch = new WriteBatch();
        var blanked = batch.Execute($"""
            update messages set {Blank(clock.Now)}
            where deleted_at is null and (user_id, id) in (
              select m.user_id, m.id from chats c join messages m on m.user_id = c.user_id and m.chat_id = c.id
              where c.deleted_at is not null and {NotDeleted} limit {(long)most})
            """);
        var released = MediaStore.ReleaseOfDeletedChats(batch, most);
        await db.WriteAsync(batch);
        return blanked.Changed >= most || released.Changed >= most;
    }

    /// <summary>
    /// Forgets the ids of messages that were deleted before a time, at most so many; true where more may be left. The
    /// id of a deleted chat stays used as long as its account exists.
    /// </summary>
    public async Task<bool> ForgetAsync(Timestamp before, int most)
    {
        var batch = new WriteBatch();
        var forgotten = batch.Execute($"""
            delete from messages where (user_id, id) in (
              select m.user_id, m.id from messages m where m.deleted_at < {before} limit {(long)most})
            """);
        await db.WriteAsync(batch);
        return forgotten.Changed >= most;
    }

    /// <summary>Messages before one that a prompt may hold, of one importance or of any, newest first.</summary>
    public Task<IReadOnlyList<PromptMessage>> ListPastAsync(
        string userId, string chatId, long before, string? importance, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select m.seq, m.sender, m.content, m.tokens, m.media, m.importance, m.error_code from messages m
            where m.user_id = {userId} and m.chat_id = {chatId} and m.seq < {before} and {OfImportance(importance)}
              and m.listed = 1 and (m.content <> '' or m.media <> '[]') and {NotDeleted} order by m.seq desc limit {limit}
            """, row => new PromptMessage(
                row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(3), ReadMedia(row.GetString(4)),
                row.GetString(5),
                IsRefused: row.GetString(1) == Senders.User && !row.IsDBNull(6)), ct);

    // Written out, not a parameter: the partial indexes of the rare ones are used only where the word stands in the
    // text.
    static Sql OfImportance(string? importance) => importance switch
    {
        null => $"1 = 1",
        "high" => $"m.importance = 'high'",
        "low" => $"m.importance = 'low'",
        _ => $"m.importance = 'normal'",
    };

    static IReadOnlyList<string> ReadMedia(string json) =>
        json == "[]" ? [] : JsonSerializer.Deserialize(json, MessagesJson.Default.IReadOnlyListString)!;

    static Sql Blank(Timestamp at) => $"""
        deleted_at = {at}, content = '', media = '[]', listed = 0, tokens = 0, usage = null, error_detail = null,
          owner = null, state = case when state in ('queued', 'running') then 'stopped' else state end
        """;
}

/// <summary>A message as a prompt needs it.</summary>
/// <param name="IsRefused">Whether a provider refused it for its content: a question that prompts leave out.</param>
sealed record PromptMessage(
    long Seq, string Sender, string Content, long Tokens, IReadOnlyList<string> Media, string Importance,
    bool IsRefused);
