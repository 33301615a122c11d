using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Notices;

namespace Cote.Replies;

/// <summary>A call that somebody answers, as it is now.</summary>
/// <param name="ReplyState">The state of its reply.</param>
/// <param name="Part">The call.</param>
/// <param name="Answer">The fingerprint of the answer that it has; null where it has none.</param>
/// <param name="IsClaimedByOther">Whether another installation executes it.</param>
/// <param name="IsOver">Whether it has waited too long, or is of a history before this one: its reply ends, and does
/// not go on.</param>
sealed record AnswerableCall(string ReplyState, ToolPart Part, string? Answer, bool IsClaimedByOther, bool IsOver)
{
    /// <summary>Whether it still waits, and its reply goes on with the answer.</summary>
    public bool Waits => Part.State == CallStates.Waiting && !States.IsFinal(ReplyState) && !IsOver;
}

/// <summary>The SQL of what persons and clients say to calls, and of replies that waited too long for it.</summary>
sealed class ToolAnswerStore(
    Database db, EventLog events, NodeNotifier notifier, ReplyScheduler scheduler, Outbox outbox, Clock clock)
{
    static readonly TimeSpan ClaimedFor = TimeSpan.FromSeconds(60);

    /// <summary>A call of a reply that is there; null where there is none.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="replyId">The reply.</param>
    /// <param name="callId">The call.</param>
    /// <param name="clientId">The installation that asks; null where it does not say.</param>
    /// <param name="ct">Cancels the read.</param>
    public Task<AnswerableCall?> FindAsync(
        string userId, string replyId, string callId, string? clientId, CancellationToken ct) => db.FirstAsync(
        $"""
        select m.state, {ToolCallRows.PartOf($"t")}, t.answer,
          cast(case when {IsHeldByOther(clientId)} then 1 else 0 end as bigint),
          cast(case when t.epoch <> {events.Epoch} or {HasLapsed} then 1 else 0 end as bigint)
        from tool_calls t join messages m on m.user_id = t.user_id and m.id = t.reply_id and m.deleted_at is null
        where t.user_id = {userId} and t.reply_id = {replyId} and t.call_id = {callId}
        """,
        row => new AnswerableCall(
            row.GetString(0), (ToolPart)JsonSerializer.Deserialize(row.GetString(1), WireJson.Part)!,
            row.GetStringOrNull(2), row.GetInt64(3) != 0, row.GetInt64(4) != 0), ct);

    /// <summary>
    /// Stores the first answer to a call. Where no other one of its reply waits, the reply goes on. False where it
    /// waits no more, or another installation holds it.
    /// </summary>
    public async Task<bool> AnswerAsync(
        string userId, string chatId, string replyId, ToolPart answered, string answer, string? clientId)
    {
        var batch = new WriteBatch();
        Sql reply = $"user_id = {userId} and id = {replyId}";
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, 1, $"""
            exists (
              select 1 from tool_calls t
              join messages m on m.user_id = t.user_id and m.id = t.reply_id and m.state in {States.Open}
              where t.user_id = {userId} and t.reply_id = {replyId} and t.call_id = {answered.CallId} and t.state = 'waiting'
                and t.epoch = {events.Epoch} and not {HasLapsed} and not {IsHeldByOther(clientId)})
            """);
        transaction.Execute($"""
            update tool_calls set state = {answered.State}, result = {ToolCallRows.ResultOf(answered)}, answer = {answer},
              claimed_by = null
            from {transaction.Locked} and tool_calls.user_id = {userId} and tool_calls.reply_id = {replyId}
              and tool_calls.call_id = {answered.CallId}
            """);
        // A run that holds the reply counts its revisions itself, and finds the answer by looking for it.
        transaction.Execute($"""
            update messages set parts_rev = parts_rev + 1
            from {transaction.Locked} and messages.user_id = {userId} and messages.id = {replyId} and messages.state = 'waiting'
            """);
        transaction.Execute($"""
            update message_parts set rev = m.parts_rev
            from messages m, tool_calls t, {transaction.Locked} and m.user_id = {userId} and m.id = {replyId} and m.state = 'waiting'
              and t.user_id = {userId} and t.reply_id = {replyId} and t.call_id = {answered.CallId}
              and message_parts.user_id = {userId} and message_parts.message_id = {replyId} and message_parts.idx = t.part
              and message_parts.chunk = 0
            """);
        // Since when it waits for a slot again, for the age of the queue.
        transaction.Execute($"""
            update messages set state = 'queued', wait_until = {db.Dialect.Now}
            from {transaction.Locked} and messages.user_id = {userId} and messages.id = {replyId} and messages.state = 'waiting'
              and not exists (
                select 1 from tool_calls t where t.user_id = {userId} and t.reply_id = {replyId} and t.state = 'waiting')
            """);
        transaction.Execute($"""
            update chats set changed = h.seq from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
            """);
        transaction.Append(EventTypes.MessageWaiting, chatId, replyId);
        var queued = batch.Query($"select 1 from messages where {reply} and state = 'queued'", _ => true);
        await events.CommitAsync(batch, userId, transaction);
        if (transaction.Happened && queued.First)
        {
            scheduler.Wake(userId, chatId);
            notifier.Publish(new(NotificationKind.ReplyWaiting, userId, chatId));
        }
        return transaction.Happened;
    }

    /// <summary>
    /// Gives a client's call to an installation, for a minute. False where another one has it, or it waits no more.
    /// </summary>
    public async Task<bool> ClaimAsync(string userId, string replyId, string callId, string clientId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        var claimed = batch.Execute($"""
            update tool_calls set claimed_by = {clientId},
              claimed_until = {db.Dialect.Now} + {(long)ClaimedFor.TotalMilliseconds}
            where user_id = {userId} and reply_id = {replyId} and call_id = {callId} and state = 'waiting'
              and (claimed_by is null or claimed_by = {clientId} or claimed_until <= {db.Dialect.Now})
            """);
        await db.WriteAsync(batch);
        return claimed.Changed == 1;
    }

    /// <summary>Replies that have waited too long, or wait since before the history of this database.</summary>
    public Task<IReadOnlyList<(string UserId, string ChatId, string ReplyId, bool IsExpired)>> ListLapsedAsync(
        CancellationToken ct) => db.ListAsync(
        $"""
        select m.user_id, m.chat_id, m.id, cast(case when {IsOver($"m")} then 1 else 0 end as bigint) from messages m
        where m.state = 'waiting' and ({IsOver($"m")} or exists (
          select 1 from tool_calls t where t.user_id = m.user_id and t.reply_id = m.id and t.state in {CallStates.Open}
            and t.epoch <> {events.Epoch}))
        limit 1000
        """,
        row => (row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3) != 0), ct);

    /// <summary>Ends a reply that has waited too long, and returns it; nothing where another has ended it.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="replyId">The reply.</param>
    /// <param name="isExpired">False where it waits since before the history of this database.</param>
    public async Task<IReadOnlyList<string>> EndAsync(string userId, string chatId, string replyId, bool isExpired)
    {
        Sql rows = $"""
            from messages m where m.user_id = {userId} and m.id = {replyId} and m.state = 'waiting'
              and ({isExpired} = 0 or {IsOver($"m")})
            """;
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, rows);
        ReplyStore.StopAll(
            batch, transaction, outbox, chatId, rows, 1, isExpired ? CallEnds.Expired : CallEnds.Restored,
            StateOf(isExpired));
        await events.CommitAsync(batch, userId, transaction);
        return transaction.AppendedTo;
    }

    /// <summary>What a reply ends as that has waited too long, or since before the history of this database.</summary>
    public static string StateOf(bool isExpired) => isExpired ? States.Stopped : States.Interrupted;

    // While a run holds the reply, its wait has not begun.
    Sql HasLapsed => $"(m.state = 'waiting' and {IsOver($"m")})";

    Sql IsOver(Sql m) => $"({m}.wait_until <= {db.Dialect.Now})";

    Sql IsHeldByOther(string? clientId) => $"""
        (t.claimed_by is not null and t.claimed_until > {db.Dialect.Now} and t.claimed_by <> {clientId ?? ""})
        """;
}
