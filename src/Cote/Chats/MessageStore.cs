using System.Text.Json;
using Cote.Data;
using Cote.Events;
using Cote.Media;
using Cote.Models;
using Cote.Primitives;
using Cote.Replies;

namespace Cote.Chats;

/// <summary>All SQL of messages as people see them. What a reply goes through stands in <see cref="ReplyStore"/>.</summary>
sealed class MessageStore(Database db, EventLog events, Clock clock, ReplyQueue queue, ReplyLease lease, ModelCatalogue models)
{
    static readonly Sql NotDeleted = $"m.deleted_at is null";

    /// <summary>The columns of a message, in the order that <see cref="Read(Row, int)"/> takes them.</summary>
    public static readonly Sql All = $"""
        m.id, m.chat_id, m.seq, m.content, m.type, m.sender, m.timestamp, m.status, m.media, m.reply_to_id, m.importance,
        m.reply_id, m.event_seq, m.state, m.attempt, m.text_attempt, m.model, m.error_code, m.error_detail, m.usage
        """;

    public const int Width = 20;

    public static Message Read(Row row) => Read(row, 0);

    public static Message Read(Row row, int at)
    {
        string? Text(int column) => row.IsDBNull(at + column) ? null : row.GetString(at + column);
        var content = row.GetString(at + 3);
        return new(
            row.GetString(at), row.GetString(at + 1), row.GetInt64(at + 2), content, row.GetString(at + 4),
            row.GetString(at + 5), new(row.GetInt64(at + 6)), row.GetString(at + 7),
            MediaOf(row.GetString(at + 8)),
            Text(9), row.GetString(at + 10), Text(11),
            Text(13) is not { } state ? null : new Generation(
                state,
                content.Length > 0 ? row.GetInt64(at + 15) : row.GetInt64(at + 14),
                Text(16) ?? "",
                Text(17) is { } code ? new GenerationError(code, Text(18) ?? "") : null,
                Text(19) is { } usage ? JsonSerializer.Deserialize(usage, MessagesJson.Default.Usage) : null))
        {
            EventSeq = row.GetInt64(at + 12),
        };
    }

    /// <summary>
    /// Stores a question and its reply in one transaction. Where nothing else is open in the chat and this node has
    /// <paramref name="place"/>, the reply is claimed for it in the same unit: one commit stands before the model call.
    /// </summary>
    public async Task<SendResult> SendAsync(string userId, NewMessage newMessage, bool place)
    {
        var (id, chat, now) = (newMessage.Id, newMessage.ChatId, newMessage.At);
        var guard = ChatStore.Lives(userId, chat);
        if (newMessage.ReplyToId is { } target)
            guard = $"""
                {guard} and exists (
                  select 1 from messages m where m.user_id = {userId} and m.id = {target} and m.chat_id = {chat}
                  and m.listed = 1 and {NotDeleted})
                """;
        foreach (var upload in newMessage.MediaIds.Distinct())
            guard = $"{guard} and {MediaStore.Owns(userId, upload)}";
        var media = JsonSerializer.Serialize(newMessage.MediaPaths, MessagesJson.Default.IReadOnlyListString);
        var batch = new WriteBatch { IsRepeatable = true };
        var transaction = new EventTransaction(batch, userId, clock.NewId(), now, 1, guard);
        transaction.Execute($"""
            update chats set last_seq = last_seq + 2, last_message_time = {now},
              last_message_content = {Excerpt.Of(newMessage.Content, Chat.LongestExcerpt)}, activity = h.seq, changed = h.seq
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chat}
            """);
        transaction.Execute($"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, media, reply_to_id,
              reply_id, timestamp, listed, event_seq, tokens, fingerprint)
            select {userId}, {id}, {chat}, c.last_seq - 1, {Senders.User}, {newMessage.Type}, {newMessage.Content}, {Statuses.Sent},
              {newMessage.Importance}, {media}, {newMessage.ReplyToId}, {newMessage.ReplyId}, {now}, 1, h.seq,
              {(long)TokenEstimate.Of(newMessage.Content)}, {newMessage.Fingerprint}
            from chats c, {transaction.Locked} and c.user_id = {userId} and c.id = {chat}
            """);
        transaction.Execute($"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, reply_to_id,
              timestamp, listed, state, attempt, model, owner, lease_until)
            select {userId}, {newMessage.ReplyId}, {chat}, c.last_seq, {Senders.Ai}, 'text', '', {Statuses.Sent},
              {newMessage.Importance}, {id}, {now}, 0, f.state, case when f.state = 'running' then 1 else 0 end,
              coalesce(c.model, {models.Default.Id}), case when f.state = 'running' then {queue.Node} end,
              case when f.state = 'running' then {lease.Until(db.Dialect)} else 0 end
            from chats c, (
              select case when {place} = 1 and not exists (
                select 1 from messages o where o.user_id = {userId} and o.chat_id = {chat} and o.state in ('queued', 'running')
              ) then 'running' else 'queued' end as state) f,
              {transaction.Locked} and c.user_id = {userId} and c.id = {chat}
            """);
        MediaStore.Name(transaction, chat, id, newMessage.MediaIds);
        transaction.Append(EventTypes.Message, chat, id);
        var reply = batch.Query(ReplyStore.SelectPending($"r.user_id = {userId} and r.id = {newMessage.ReplyId}"), ReplyStore.ReadPending);
        var outcome = await events.CommitAsync(batch, userId, transaction);
        return new(outcome, transaction.Happened, reply.First);
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

    public async Task<IdempotencyRecord?> FindOriginAsync(string userId, string id, CancellationToken ct) =>
        (await db.ListAsync(
            $"""
            select m.fingerprint, coalesce(m.deleted_at, c.deleted_at) from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id where m.user_id = {userId} and m.id = {id}
            """,
            row => new IdempotencyRecord(row.GetString(0), !row.IsDBNull(1)), ct)) is [var record] ? record : null;

    /// <summary>A chat's last change, and whether a reply in it is open; null where there is no such chat.</summary>
    public async Task<(long Changed, bool IsOpen)?> FindChatStateAsync(string userId, string chatId, CancellationToken ct) =>
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
    /// <param name="isShown">True where the client has been shown text that no checkpoint has brought to the row yet.</param>
    public Task MarkAsync(string userId, IEnumerable<string> replies, string status, bool isShown = false)
    {
        // Many at once, as whoever reads many replies makes them: what is to be moved is looked for by each statement anew,
        // and the head's lock keeps it the same until the last one has moved it.
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
            guard = $"{guard} and exists (select 1 from messages m where m.user_id = {userId} and m.id = {id} and {NotDeleted})";
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, ids.Count, guard);
        foreach (var id in ids)
        {
            transaction.Execute($"""
                update messages set {Blank(transaction.At)}
                from {transaction.Locked} and messages.user_id = {userId} and messages.id = {id}
                """);
            MediaStore.Release(transaction, id);
            transaction.Append(EventTypes.MessageDeleted, chatId, id);
        }
        // What the chat shows as its last message is now the one before: that which was sent or ended last of the rest.
        Sql last(Sql column) => $"""
            (select {column} from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.event_seq > 0
             and {NotDeleted} order by m.event_seq desc limit 1)
            """;
        transaction.Execute($"""
            update chats set changed = h.seq,
              last_message_time = coalesce({last($"m.timestamp")}, created_at),
              last_message_content = coalesce({last($"substr(m.content, 1, cast({Chat.LongestExcerpt} as integer))")}, ''),
              activity = coalesce({last($"m.event_seq")}, created_seq)
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
            """);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>Takes a chat away. Its messages are out of reach at once; their content goes in the background.</summary>
    public async Task<bool> DeleteChatAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, 1, ChatStore.Lives(userId, chatId));
        transaction.Execute($"""
            update chats set deleted_at = {transaction.At}, title = '', last_message_content = '', system_prompt = null
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
            """);
        transaction.Execute($"""
            update messages set {Blank(transaction.At)} from {transaction.Locked} and messages.user_id = {userId}
              and messages.chat_id = {chatId} and messages.state in ('queued', 'running')
            """);
        transaction.Append(EventTypes.ChatDeleted, chatId);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>Removes the content of messages whose chat is gone, so many in one unit; true where more may be left.</summary>
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

    /// <summary>Forgets ids that were deleted long ago, so many in one unit; true where more may be left.</summary>
    public async Task<bool> ForgetAsync(Timestamp before, int most)
    {
        var batch = new WriteBatch();
        var messages = batch.Execute($"""
            delete from messages where (user_id, id) in (
              select m.user_id, m.id from messages m where m.deleted_at < {before} limit {(long)most})
            """);
        var chats = batch.Execute($"""
            delete from chats where (user_id, id) in (
              select c.user_id, c.id from chats c where c.deleted_at < {before} and not exists (
                select 1 from messages m where m.user_id = c.user_id and m.chat_id = c.id) limit {(long)most})
            """);
        await db.WriteAsync(batch);
        return messages.Changed >= most || chats.Changed >= most;
    }

    /// <summary>Messages before one that a prompt may hold, of one importance or of any, newest first.</summary>
    public Task<IReadOnlyList<PromptMessage>> ListPastAsync(
        string userId, string chatId, long before, string? importance, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select m.seq, m.sender, m.content, m.tokens, m.media, m.importance from messages m
            where m.user_id = {userId} and m.chat_id = {chatId} and m.seq < {before} and {OfImportance(importance)}
              and m.listed = 1 and (m.content <> '' or m.media <> '[]') and {NotDeleted} order by m.seq desc limit {limit}
            """, row => new PromptMessage(
                row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(3), MediaOf(row.GetString(4)), row.GetString(5)), ct);

    // Written out, not a parameter: the partial indexes of the rare ones are used only where the word stands in the text.
    static Sql OfImportance(string? importance) => importance switch
    {
        null => $"1 = 1",
        "high" => $"m.importance = 'high'",
        "low" => $"m.importance = 'low'",
        _ => $"m.importance = 'normal'",
    };

    static IReadOnlyList<string> MediaOf(string json) =>
        json == "[]" ? [] : JsonSerializer.Deserialize(json, MessagesJson.Default.IReadOnlyListString)!;

    static Sql Blank(Timestamp at) => $"""
        deleted_at = {at}, content = '', media = '[]', listed = 0, tokens = 0, usage = null, error_detail = null,
          owner = null, state = case when state in ('queued', 'running') then 'stopped' else state end
        """;
}

/// <summary>A message as a prompt needs it.</summary>
sealed record PromptMessage(long Seq, string Sender, string Content, long Tokens, IReadOnlyList<string> Media, string Importance);

/// <summary>A message about to be sent, checked and with its ids.</summary>
sealed record NewMessage(
    string Id, string ReplyId, string ChatId, string Content, string Type, string Importance, string? ReplyToId,
    IReadOnlyList<string> MediaIds, string Fingerprint, Timestamp At)
{
    /// <summary>What is stored of the uploads that it names: their paths, unsigned.</summary>
    public IReadOnlyList<string> MediaPaths { get; } = [.. MediaIds.Select(MediaLinks.PathOf)];
}

/// <summary>What came of a send: <paramref name="Happened"/> is false where the chat or the message replied to is not there.</summary>
sealed record SendResult(Outcome Outcome, bool Happened, PendingReplyRow? Reply);
