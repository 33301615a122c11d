using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Media;
using Cote.Models;
using Cote.Notices;
using Cote.Primitives;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>
/// The SQL of a running reply: checkpoint, stop request, end. Every write carries owner and attempt, the fence: where
/// they do not match any more, another node has taken the reply, and nothing is written. What moves the fence locks the
/// user's log, so that it does not move in the middle of a transaction.
/// </summary>
sealed class ReplyStore(
    Database db, EventLog events, NodeNotifier notifier, ReplyLeases leases, ReplyScheduler scheduler, TurnEvents turns,
    TitlesOptions titles, Outbox outbox, BudgetNotices budgets, Clock clock)
{
    /// <summary>The pending replies of a user, or of one chat, in order.</summary>
    public Task<IReadOnlyList<PendingReplyRow>> ListPendingAsync(string userId, string? chatId, CancellationToken ct) =>
        db.ListAsync(PendingReplyRow.SelectAll(userId, chatId), PendingReplyRow.Read, ct);

    /// <summary>Those of these replies that have not ended.</summary>
    public Task<IReadOnlyList<string>> ListStillPendingAsync(
        string userId, IEnumerable<string> replyIds, CancellationToken ct) => db.ListAsync(
        $"""
        select m.id from messages m
        where m.user_id = {userId} and m.id {db.Dialect.In(replyIds)} and m.state in {States.Open}
        """, row => row.GetString(0), ct);

    /// <summary>
    /// Writes the text so far, and the question's status. Null where the fence is broken, else whether a stop is
    /// requested.
    /// </summary>
    public async Task<bool?> CheckpointAsync(
        PendingReplyRow reply, ReplyText text, string questionStatus, SavedParts saved)
    {
        var isPlain = questionStatus == reply.QuestionStatus;
        // Many replies at once are written by few commits, in an order that a renewal of their leases keeps to.
        var batch = new WriteBatch { Place = isPlain ? reply.UserId + reply.Id : null, IsRepeatable = isPlain };
        var now = clock.Now;
        var transactions = new List<EventTransaction>();
        Sql columns = $"content = {text.Content}, text_attempt = {text.Attempt}, parts_rev = {text.Parts.Rev}";
        if (text.Content.Length > 0)
            columns = $"{columns}, listed = 1, timestamp = {ListedAt(now)}";
        Query<bool> write(Sql where) =>
            batch.Query($"update messages set {columns} {where} returning stop_wanted", row => row.GetInt64(0) != 0);
        Query<bool> stop;
        if (isPlain)
        {
            PartRows.Write(
                batch.Execute, reply.UserId, reply.Id, $"messages where {leases.Fence(reply)}", saved, text.Attempt,
                text.Parts);
            stop = write($"where {leases.Fence(reply)}");
        }
        else
        {
            var transaction = new EventTransaction(batch, reply.UserId, clock.NewId(), now, 1, HoldsFence(reply));
            stop = write(
                $"from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.Id}");
            PartRows.Write(
                transaction.Execute, reply.UserId, reply.Id, transaction.Locked, saved, text.Attempt, text.Parts);
            SetQuestionStatus(transaction, reply, questionStatus);
            transaction.Execute($"""
                update chats set changed = h.seq from {transaction.Locked} and chats.user_id = {reply.UserId} and chats.id = {reply.ChatId}
                """);
            transaction.Append(EventTypes.MessageStatus, reply.ChatId, reply.QuestionId);
            transactions.Add(transaction);
        }
        await events.CommitAsync(batch, reply.UserId, transactions);
        if (stop.Items.Count == 0)
            return null;
        notifier.Publish(new(NotificationKind.ReplyChanged, reply.UserId));
        return stop.First;
    }

    /// <summary>Ends a reply: its text, its state, its event, its chat. False where the fence is broken.</summary>
    public async Task<bool> EndAsync(PendingReplyRow reply, ReplyEnd end, string questionStatus, SavedParts saved)
    {
        var batch = new WriteBatch();
        var changesQuestion = end.RefusesQuestion || questionStatus != reply.QuestionStatus;
        var transaction = new EventTransaction(
            batch, reply.UserId, clock.NewId(), clock.Now, changesQuestion ? 2 : 1, HoldsFence(reply));
        if (changesQuestion)
        {
            if (end.RefusesQuestion)
                RefuseQuestion(transaction, reply, end.Error!);
            transaction.Append(end.RefusesQuestion ? EventTypes.Message : EventTypes.MessageStatus, reply.ChatId,
                reply.QuestionId);
        }
        var content = end.Text.Content;
        CallLedger.Settle(batch, reply.Call, end.Call);
        budgets.AddReached(batch, reply.UserId, reply.HasOwnBudget);
        PartRows.Write(
            transaction.Execute, reply.UserId, reply.Id, transaction.Locked, saved, end.Text.Attempt, end.Text.Parts);
        var media = NameFiles(transaction, reply, end.Text.Parts);
        if (end.OpenCalls is { } why)
            ToolCallRows.End(transaction.Execute, reply.UserId, $"= {reply.Id}", transaction.Locked, why);
        var tokens = (long)TokenEstimate.Of(content);
        // One statement for reply and question: each that writes messages looks at all of their indexes before its
        // first row.
        Sql of(Sql value, Sql column) => !changesQuestion ? (Sql)$"{column} = {value}"
            : $"{column} = case when messages.sender = 'ai' then {value} else messages.{column} end";
        transaction.Execute($"""
            update messages set {of($"{end.State}", $"state")}, {of($"{content}", $"content")},
              {of($"{end.Text.Attempt}", $"text_attempt")}, {of($"{end.Text.Parts.Rev}", $"parts_rev")},
              {of($"{media}", $"media")}, {of(ListedAt(transaction.At), $"timestamp")}, {of($"1", $"listed")},
              {of($"h.seq", $"event_seq")}, {of($"{tokens}", $"tokens")},
              {of($"{end.FinishReason}", $"finish_reason")}, {of($"{end.Error?.Code}", $"error_code")},
              {of($"{end.Error?.Detail}", $"error_detail")}, {of($"{end.Call?.InputRatio}", $"input_ratio")},
              {of(CallLedger.UsageOfReply, $"usage")}, owner = null, lease_until = 0,
              status = case when messages.sender = 'ai' then messages.status else {questionStatus} end
            from {transaction.Locked} and messages.user_id = {reply.UserId}
              and messages.id in ({reply.Id}, {(changesQuestion ? reply.QuestionId : reply.Id)})
            """);
        MoveChat(transaction, reply, content, end.State == States.Completed ? WantTitle(reply) : $"");
        transaction.Append(EventTypes.Message, reply.ChatId, reply.Id);
        outbox.AddLast(transaction, NoticeTypes.ReplyEnded, reply.ChatId, reply.Id);
        var after = batch.Query(
            $"""
            select m.usage, cast(case when exists (
                select 1 from messages o where o.user_id = m.user_id and o.chat_id = m.chat_id
                and o.state in {States.Open} and o.state = 'queued') then 1 else 0 end as bigint)
            from messages m where m.user_id = {reply.UserId} and m.id = {reply.Id}
            """, row => (Usage: row.GetStringOrNull(0), HasNext: row.GetInt64(1) != 0));
        await events.CommitAsync(batch, reply.UserId, transaction);
        if (after.First.HasNext)
            scheduler.Wake(reply.UserId, reply.ChatId);
        if (transaction.Happened)
        {
            ReplyMetrics.OnEnded(end.State, end.Error?.Code);
            turns.OnReplyEnded(reply, end with
            {
                Usage = after.First.Usage is { } json
                    ? JsonSerializer.Deserialize(json, MessagesJson.Default.Usage) : null,
            });
        }
        return transaction.Happened;
    }

    // A file that was made for the reply is named by it, and so is not swept. Returns the column.
    static string NameFiles(EventTransaction transaction, PendingReplyRow reply, ReplyParts parts)
    {
        List<string> files =
            [.. parts.Items.Select(x => (x.Part as FilePart)?.MediaId).OfType<string>()];
        if (files.Count == 0)
            return "[]";
        MediaStore.Name(transaction, reply.ChatId, reply.Id, files);
        return JsonSerializer.Serialize([.. files.Select(MediaLinks.PathOf)], MessagesJson.Default.IReadOnlyListString);
    }

    /// <summary>Requests the stop of every pending reply of a chat but one, or of one alone. Returns those that had no
    /// request yet. <paramref name="also"/> adds to the batch before, and is given the condition that one is pending.
    /// </summary>
    public async Task<IReadOnlyList<string>> RequestStopAsync(
        string userId, string chatId, string except, string? only, Action<WriteBatch, Sql>? also)
    {
        Sql pending = $"""
            user_id = {userId} and chat_id = {chatId} and state in {States.Open} and id <> {except}
              {(only is null ? (Sql)$"" : $"and id = {only}")}
            """;
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        also?.Invoke(batch, $"exists (select 1 from messages where {pending})");
        var requested = batch.Query(
            $"update messages set stop_wanted = 1 where {pending} and stop_wanted = 0 returning id",
            row => row.GetString(0));
        await db.WriteAsync(batch);
        return requested.Items;
    }

    /// <summary>
    /// Ends the queued and waiting replies of a chat whose stop is requested, all in one transaction, and returns them.
    /// One that was claimed since is left to its run, which finds the request.
    /// </summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="most">How many there are at the most.</param>
    public async Task<IReadOnlyList<string>> EndQueuedAsync(string userId, string chatId, int most)
    {
        Sql queued = $"""
            from messages m where m.user_id = {userId} and m.chat_id = {chatId}
              and m.state in {States.Open} and m.state <> 'running' and m.stop_wanted = 1
            """;
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, queued);
        StopAll(batch, transaction, outbox, chatId, queued, most, CallEnds.Stopped);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.AppendedTo;
    }

    /// <summary>The open replies of a chat as the rows of a transaction, for <see cref="StopAll"/>.</summary>
    public static Sql OpenIn(string userId, string chatId) =>
        $"from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.state in {States.Open}";

    /// <summary>The waiting replies of a chat as the rows of a transaction.</summary>
    public static Sql WaitingIn(string userId, string chatId) => $"""
        from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.state = 'waiting'
        """;

    /// <summary>
    /// Adds the statements that end open replies of a chat as stopped, with the text that was written; the transaction
    /// was begun with them as its rows. Each loses its state, which is the fence.
    /// </summary>
    /// <param name="batch">The batch of the transaction.</param>
    /// <param name="transaction">The transaction.</param>
    /// <param name="outbox">Tells that they have ended.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="rows">The replies.</param>
    /// <param name="most">How many events the transaction has at the most.</param>
    /// <param name="calls">Why their calls end that have no outcome yet.</param>
    /// <param name="state">The state that they end with.</param>
    public static void StopAll(
        WriteBatch batch, EventTransaction transaction, Outbox outbox, string chatId, Sql rows, long most,
        GenerationError calls, string state = States.Stopped)
    {
        var userId = transaction.UserId;
        LostCalls.Settle(batch, userId, $"""
            calls.chat_id = {chatId} and calls.purpose = 'chat' and calls.subject_id in (select m.id {rows})
              and exists (select 1 from {transaction.Locked})
            """);
        Sql recent = $"""
            m.user_id = {userId} and m.chat_id = {chatId} and m.deleted_at is null and m.id in (
              select e.message_id from events e
              where e.user_id = {userId} and e.seq > h.seq - {most} and e.type = {EventTypes.Message})
            """;
        transaction.AppendEach(EventTypes.Message, rows);
        outbox.AddEach(transaction, NoticeTypes.ReplyEnded, rows);
        ToolCallRows.End(transaction.Execute, userId, $"in (select m.id {rows})", transaction.Locked, calls);
        transaction.Execute($"""
            update messages set state = {state}, wait_until = 0, media = {MediaStore.NamedBy($"messages")}, timestamp = {ListedAt(transaction.At)}, listed = 1, owner = null, lease_until = 0,
              usage = {CallLedger.UsageOfReply}, event_seq = coalesce((
                select e.seq from events e
                where e.user_id = {userId} and e.seq > h.seq - {most} and e.message_id = messages.id
                  and e.type = {EventTypes.Message}), h.seq)
            from {transaction.Locked} and messages.user_id = {userId} and messages.chat_id = {chatId}
              and messages.id in (select m.id {rows})
            """);
        // The one that ended last is the last message of the chat.
        transaction.Execute($"""
            update chats set changed = h.seq, activity = m.event_seq, last_message_time = m.timestamp,
              last_message_content = coalesce((
                select substr(m.content, 1, cast({Chat.LongestExcerpt} as integer)) from messages m
                where {recent} and m.on_path = 1 and m.content <> '' order by m.event_seq desc limit 1
              ), last_message_content)
            from messages m, {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
              and m.user_id = {userId} and m.id = (
                select m.id from messages m where {recent} order by m.event_seq desc limit 1)
            """);
    }

    // The wish for a title is stored with the end that it waits for: a crash after it loses nothing.
    Sql WantTitle(PendingReplyRow reply) => $"""
        , title_reply_id = case when chats.title_state = 1 then {reply.Id} else chats.title_reply_id end,
          title_lease = case when chats.title_state = 1 then 0 else chats.title_lease end,
          title_state = case when chats.title_state = 1 then {(titles.IsConfigured ? TitleStates.Due : TitleStates.None)}
            else chats.title_state end
        """;

    // A chat's preview keeps its text where a reply ends without any, and where it ends beside the active path.
    static void MoveChat(EventTransaction transaction, PendingReplyRow reply, string content, Sql more)
    {
        var excerpt = Excerpt.Of(content, Chat.LongestExcerpt);
        transaction.Execute($"""
            update chats set changed = h.seq, activity = h.seq, last_message_time = m.timestamp,
              last_message_content = case when {excerpt} = '' or m.on_path = 0 then chats.last_message_content else {excerpt} end
              {more}
            from messages m, {transaction.Locked} and chats.user_id = {reply.UserId} and chats.id = {reply.ChatId}
              and m.user_id = {reply.UserId} and m.id = {reply.Id}
            """);
    }

    static void SetQuestionStatus(EventTransaction transaction, PendingReplyRow reply, string status) =>
        transaction.Execute($"""
        update messages set status = {status}
        from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.QuestionId}
        """);

    static void RefuseQuestion(EventTransaction transaction, PendingReplyRow reply, GenerationError error) =>
        transaction.Execute($"""
        update messages set error_code = {error.Code}, error_detail = {error.Detail}
        from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.QuestionId}
        """);

    // A reply's time is that of its first listing, and never before its question's: nodes' clocks may differ.
    static Sql ListedAt(Timestamp now) => $"""
        case when messages.listed = 1 or messages.timestamp > {now} then messages.timestamp else {now} end
        """;

    Sql HoldsFence(PendingReplyRow reply) => $"exists (select 1 from messages where {leases.Fence(reply)})";
}
