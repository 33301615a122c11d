using System.Text.Json;
using Cote.Events;
using Cote.Media;
using Cote.Models;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>What became of a chat of an import.</summary>
enum AddChatResult
{
    Added,

    /// <summary>Its id, or that of one of its messages, is in use.</summary>
    Taken,

    /// <summary>The import is another node's, or its account is gone.</summary>
    Lost,
}

/// <summary>
/// The SQL that writes an imported chat: in batches that hold the writer for a moment, under a row that counts as
/// deleted until the last of them, which makes the chat live with its one event.
/// </summary>
sealed class ImportedChatStore(Database db, EventLog events, ImportStore imports, Clock clock)
{
    const int RowsOfBatch = 500;
    const int UnitsOfBatch = 1_048_576;

    // Below every event, and the milliseconds in steps that leave room for chats of the same one.
    const long ActivitiesOfMillisecond = 1_024;

    /// <summary>
    /// Whether the id of a chat is in use: by one that was deleted, or by one that is here; null: it is free. One that
    /// is unfinished is neither yet: no file is stored from which its import could go on.
    /// </summary>
    public async Task<(string? Reason, bool IsUnfinished)> FindReasonAsync(
        string userId, string chatId, CancellationToken ct) =>
        await db.FirstAsync(
            $"""
            select c.deleted_at, c.importing, i.file_id from chats c
            left join imports i on i.user_id = c.user_id and i.id = c.importing
            where c.user_id = {userId} and c.id = {chatId}
            """,
            row => ((string?, bool))(row.IsDBNull(0) || !row.IsDBNull(1) ? SkipReasons.Exists : SkipReasons.Deleted,
                !row.IsDBNull(1) && row.IsDBNull(2)), ct);

    /// <summary>Writes a chat with its messages.</summary>
    /// <param name="import">The import that it belongs to.</param>
    /// <param name="chat">The chat and its messages as rows.</param>
    /// <param name="item">Its place in the file.</param>
    /// <param name="skipped">What is noted along with it.</param>
    public async Task<AddChatResult> AddAsync(
        Import import, ImportedRows chat, long item, IReadOnlyList<SkippedItem> skipped)
    {
        var batches = Batches(chat.Messages).ToList();
        for (var i = 0; i < batches.Count; i++)
        {
            var isLast = i == batches.Count - 1;
            var batch = new WriteBatch();
            ImportStore.Lock(batch, import);
            var transaction = isLast ? Begin(batch, import, chat, isOnly: i == 0) : null;
            Sql source = transaction?.Locked ?? $"heads h where h.user_id = {import.UserId}";
            source = $"{source} and {imports.IsHeld(import)}";
            var written = i == 0 ? InsertChat(batch, source, import, chat) : null;
            foreach (var message in batches[i])
                written = InsertMessage(batch, source, import.UserId, chat.Id, message);
            if (transaction is not null)
            {
                Show(transaction, import, chat);
                ImportStore.Note(batch, $"exists (select 1 from {transaction.Locked})", import, item + 1, skipped,
                    chats: 1, chat.Messages.Count);
            }
            var outcome = transaction is null ? await db.WriteAsync(batch)
                : await events.CommitAsync(batch, import.UserId, transaction);
            if (outcome == Outcome.Conflict)
                return AddChatResult.Taken;
            if (written is { Changed: 0 })
                return AddChatResult.Lost;
        }
        return AddChatResult.Added;
    }

    /// <summary>
    /// Removes chats that an import has begun and not shown, at most so many rows; true where more may be left. Those
    /// of one import, or of all that have ended.
    /// </summary>
    public async Task<bool> RemoveUnfinishedAsync(Import? import, int most)
    {
        Sql which = $"""
            c.importing is not null and not exists (
              select 1 from imports i where i.user_id = c.user_id and i.id = c.importing and i.state in ('queued', 'running'))
            """;
        if (import is not null)
            which = $"c.user_id = {import.UserId} and c.importing = {import.Id}";
        var batch = new WriteBatch();
        // `cross join` keeps the order on SQLite: it would look at every message for one of the few such chats.
        var messages = batch.Execute($"""
            delete from messages where (user_id, id) in (
              select m.user_id, m.id from chats c cross join messages m
              where m.user_id = c.user_id and m.chat_id = c.id and {which} limit {(long)most})
            """);
        var chats = batch.Execute($"""
            delete from chats where (user_id, id) in (
              select c.user_id, c.id from chats c where {which} and not exists (
                select 1 from messages m where m.user_id = c.user_id and m.chat_id = c.id) limit {(long)most})
            """);
        await db.WriteAsync(batch);
        return messages.Changed >= most || chats.Changed >= most;
    }

    static IEnumerable<List<ImportedRow>> Batches(IReadOnlyList<ImportedRow> messages)
    {
        var (batch, units) = (new List<ImportedRow>(), 0L);
        foreach (var message in messages)
        {
            var more = message.Units;
            if (batch.Count > 0 && (batch.Count == RowsOfBatch || units + more > UnitsOfBatch))
            {
                yield return batch;
                (batch, units) = ([], 0);
            }
            batch.Add(message);
            units += more;
        }
        yield return batch;
    }

    EventTransaction Begin(WriteBatch batch, Import import, ImportedRows chat, bool isOnly)
    {
        Sql guard = imports.IsHeld(import);
        if (!isOnly)
            guard = $"""
                {guard} and exists (
                  select 1 from chats c where c.user_id = {import.UserId} and c.id = {chat.Id} and c.importing = {import.Id})
                """;
        return new(batch, import.UserId, clock.NewId(), clock.Now, 1, guard);
    }

    Statement InsertChat(WriteBatch batch, Sql source, Import import, ImportedRows chat) => batch.Execute($"""
        insert into chats (user_id, id, title, is_pinned, is_archived, model, system_prompt, temperature, max_tokens, reasoning_effort, tools, created_at, created_seq,
          last_message_time, last_message_content, last_seq, activity, changed, fingerprint, deleted_at, leaf_id, is_branched,
          importing)
        select h.user_id, {chat.Id}, {chat.Title}, {chat.IsPinned}, {chat.IsArchived}, {chat.Model}, {chat.SystemPrompt}, {chat.Temperature},
          {(long?)chat.MaxTokens}, {chat.ReasoningEffort}, {chat.ToolsJson}, {chat.CreatedAt}, h.seq, {chat.LastMessageTime}, {chat.LastMessageContent},
          {(long)chat.Messages.Count}, {ActivityAt(chat)}, h.seq, '', {clock.Now}, {chat.LeafId}, {chat.IsBranched}, {import.Id}
        from {source}
        """);

    /// <summary>Adds a message that no turn has made, read already, under the head of the user's log.</summary>
    public static Statement InsertMessage(
        WriteBatch batch, Sql source, string userId, string chatId, ImportedRow message)
    {
        var generation = message.Generation;
        var usage = generation?.Usage is { } used ? JsonSerializer.Serialize(used, MessagesJson.Default.Usage) : null;
        var isReply = message.Sender == Senders.Ai;
        // The event of its chat, or, before that is known, an earlier one: what is sent here later comes after it.
        var written = batch.Execute($"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, media, reply_to_id,
              reply_id, timestamp, listed, event_seq, tokens, state, attempt, text_attempt, model, error_code, error_detail,
              usage, finish_reason, parent_id, on_path, parts_rev, rating, feedback_text)
            select h.user_id, {message.Id}, {chatId}, {message.Seq}, {message.Sender}, {message.Type}, {message.Content},
              {Statuses.Read}, {message.Importance}, {message.MediaJson}, {message.ReplyToId}, {message.ReplyId}, {message.At},
              1, case when h.seq > 0 then h.seq else 1 end, {(long)TokenEstimate.Of(message.Content)},
              {(isReply ? generation?.State ?? States.Completed : null)}, {(isReply ? 1L : 0L)}, {(isReply ? 1L : 0L)},
              {message.Model}, {generation?.Error?.Code}, {generation?.Error?.Detail}, {usage}, {generation?.FinishReason},
              {message.ParentId ?? ""}, {message.IsOnPath}, {(message.Parts.Count > 0 ? 1L : 0L)},
              {message.Feedback?.Rating}, {message.Feedback?.Text}
            from {source}
            """);
        PartRows.Write(batch.Execute, userId, message.Id, source, SavedParts.None, 1, message.PartStates,
            hasCalls: false);
        MediaStore.NameKept(batch, userId, chatId, message.Id, message.MediaIds);
        return written;
    }

    static void Show(EventTransaction transaction, Import import, ImportedRows chat)
    {
        var (user, activity) = (import.UserId, ActivityAt(chat));
        // The first place from there on that no chat of the user has.
        transaction.Execute($"""
            update chats set deleted_at = null, importing = null, created_seq = h.seq, changed = h.seq, activity =
              case when exists (
                select 1 from chats o where o.user_id = {user} and o.activity = {activity} and o.id <> {chat.Id})
              then (
                select o.activity + 1 from chats o
                where o.user_id = {user} and o.activity >= {activity} and o.id <> {chat.Id} and not exists (
                  select 1 from chats n where n.user_id = {user} and n.activity = o.activity + 1 and n.id <> {chat.Id})
                order by o.activity limit 1)
              else {activity} end
            from {transaction.Locked} and chats.user_id = {user} and chats.id = {chat.Id} and chats.importing = {import.Id}
            """);
        transaction.Append(EventTypes.ChatCreated, chat.Id);
    }

    static long ActivityAt(ImportedRows chat) =>
        Chat.LowestPlace + chat.PlacedAt.Milliseconds * ActivitiesOfMillisecond;
}
