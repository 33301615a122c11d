using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Models;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>
/// The SQL of a running reply: checkpoint, stop request, end. Every write carries owner and attempt, the fence: where
/// they do not match any more, another node has taken the reply, and nothing is written. What moves the fence locks the
/// user's log, so that it does not move in the middle of a transaction.
/// </summary>
sealed class ReplyStore(
    Database db, EventLog events, NodeNotifier notifier, ReplyLeases leases, ReplyScheduler scheduler, TurnEvents turns,
    Clock clock)
{
    /// <summary>The pending replies of a user, or of one chat, in order.</summary>
    public Task<IReadOnlyList<PendingReplyRow>> ListPendingAsync(string userId, string? chatId, CancellationToken ct) =>
        db.ListAsync(PendingReplyRow.SelectAll(userId, chatId), PendingReplyRow.Read, ct);

    /// <summary>Those of these replies that have not ended.</summary>
    public Task<IReadOnlyList<string>> ListStillPendingAsync(
        string userId, IEnumerable<string> replyIds, CancellationToken ct) => db.ListAsync(
        $"""
        select m.id from messages m
        where m.user_id = {userId} and m.id in {db.Dialect.EachOf(replyIds)} and m.state in {PendingReplyRow.States}
        """, row => row.GetString(0), ct);

    /// <summary>
    /// Writes the text so far, and the question's status. Null where the fence is broken, else whether a stop is
    /// requested.
    /// </summary>
    public async Task<bool?> CheckpointAsync(PendingReplyRow reply, ReplyText text, string questionStatus)
    {
        var batch = new WriteBatch();
        var now = clock.Now;
        var transactions = new List<EventTransaction>();
        Sql columns =
            $"content = {text.Content}, text_attempt = {text.Attempt}, listed = 1, timestamp = {ListedAt(now)}";
        if (questionStatus == reply.QuestionStatus)
        {
            batch.Execute($"update messages set {columns} where {leases.Fence(reply)}");
        }
        else
        {
            var transaction = new EventTransaction(batch, reply.UserId, clock.NewId(), now, 1, HoldsFence(reply));
            transaction.Execute($"""
                update messages set {columns}
                from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.Id}
                """);
            SetQuestionStatus(transaction, reply, questionStatus);
            transaction.Execute($"""
                update chats set changed = h.seq from {transaction.Locked} and chats.user_id = {reply.UserId} and chats.id = {reply.ChatId}
                """);
            transaction.Append(EventTypes.MessageStatus, reply.ChatId, reply.QuestionId);
            transactions.Add(transaction);
        }
        var stop = batch.Query($"select stop_wanted from messages where {leases.Fence(reply)}",
            row => row.GetInt64(0) != 0);
        await events.CommitAsync(batch, reply.UserId, transactions);
        if (stop.Items.Count == 0)
            return null;
        notifier.Publish(new(NotificationKind.ReplyChanged, reply.UserId));
        return stop.First;
    }

    /// <summary>Ends a reply: its text, its state, its event, its chat. False where the fence is broken.</summary>
    public async Task<bool> EndAsync(PendingReplyRow reply, ReplyEnd end, string questionStatus)
    {
        var batch = new WriteBatch();
        var changesQuestion = end.RefusesQuestion || questionStatus != reply.QuestionStatus;
        var transaction = new EventTransaction(
            batch, reply.UserId, clock.NewId(), clock.Now, changesQuestion ? 2 : 1, HoldsFence(reply));
        if (changesQuestion)
        {
            SetQuestionStatus(transaction, reply, questionStatus);
            if (end.RefusesQuestion)
                RefuseQuestion(transaction, reply, end.Error!);
            transaction.Append(end.RefusesQuestion ? EventTypes.Message : EventTypes.MessageStatus, reply.ChatId,
                reply.QuestionId);
        }
        var content = end.Text.Content;
        var usage = end.Usage is null ? null : JsonSerializer.Serialize(end.Usage, MessagesJson.Default.Usage);
        transaction.Execute($"""
            update messages set state = {end.State}, content = {content}, text_attempt = {end.Text.Attempt},
              timestamp = {ListedAt(transaction.At)}, listed = 1, event_seq = h.seq, tokens = {(long)TokenEstimate.Of(content)},
              finish_reason = {end.FinishReason}, error_code = {end.Error?.Code}, error_detail = {end.Error?.Detail},
              usage = {usage}, owner = null, lease_until = 0
            from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.Id}
            """);
        MoveChat(transaction, reply, content);
        transaction.Append(EventTypes.Message, reply.ChatId, reply.Id);
        var next = batch.Query(
            $"""
            select 1 from messages where user_id = {reply.UserId} and chat_id = {reply.ChatId}
              and state in {PendingReplyRow.States} and state = 'queued' limit 1
            """, _ => true);
        await events.CommitAsync(batch, reply.UserId, transaction);
        if (next.First)
            scheduler.Wake(reply.UserId, reply.ChatId);
        if (transaction.Happened)
            turns.OnReplyEnded(reply, end);
        return transaction.Happened;
    }

    /// <summary>Writes a stop request on every pending reply of a chat. Returns those that had none yet.</summary>
    public async Task<IReadOnlyList<string>> RequestStopAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        var requested = batch.Query(
            $"""
            update messages set stop_wanted = 1
            where user_id = {userId} and chat_id = {chatId} and state in {PendingReplyRow.States} and stop_wanted = 0
            returning id
            """, row => row.GetString(0));
        await db.WriteAsync(batch);
        return requested.Items;
    }

    /// <summary>
    /// Ends the queued replies of a chat whose stop is requested, all in one transaction. One that was claimed since is
    /// left to its run, which finds the request.
    /// </summary>
    /// <param name="most">How many there are at the most.</param>
    public Task EndQueuedAsync(string userId, string chatId, int most)
    {
        Sql queued = $"""
            from messages m where m.user_id = {userId} and m.chat_id = {chatId}
              and m.state in {PendingReplyRow.States} and m.state = 'queued' and m.stop_wanted = 1
            """;
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, queued);
        transaction.AppendEach(EventTypes.Message, queued);
        transaction.Execute($"""
            update messages set state = 'stopped', timestamp = {ListedAt(transaction.At)}, listed = 1, owner = null, lease_until = 0,
              event_seq = coalesce((
                select e.seq from events e
                where e.user_id = {userId} and e.seq > h.seq - {(long)most} and e.message_id = messages.id), h.seq)
            from {transaction.Locked} and messages.user_id = {userId} and messages.chat_id = {chatId}
              and messages.state in {PendingReplyRow.States} and messages.state = 'queued' and messages.stop_wanted = 1
            """);
        transaction.Execute($"""
            update chats set changed = h.seq, activity = h.seq, last_message_time = m.timestamp
            from messages m, {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
              and m.user_id = {userId} and m.chat_id = {chatId} and m.event_seq = h.seq
            """);
        return events.CommitAsync(batch, userId, transaction);
    }

    // A chat's preview keeps its text where a reply ends without any.
    static void MoveChat(EventTransaction transaction, PendingReplyRow reply, string content)
    {
        var excerpt = Excerpt.Of(content, Chat.LongestExcerpt);
        transaction.Execute($"""
            update chats set changed = h.seq, activity = h.seq, last_message_time = m.timestamp,
              last_message_content = case when {excerpt} = '' then chats.last_message_content else {excerpt} end
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
