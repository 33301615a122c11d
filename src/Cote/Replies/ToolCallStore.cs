using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Models;
using Cote.Notices;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>
/// The SQL of the tool calls of a running reply. Every write carries the fence, and brings text and parts of the reply
/// up to date with it.
/// </summary>
sealed class ToolCallStore(
    Database db, EventLog events, ReplyLeases leases, ToolsOptions options, Outbox outbox, BudgetNotices budgets,
    Clock clock)
{
    /// <summary>The calls of a reply, in their order.</summary>
    public Task<IReadOnlyList<ToolCall>> ListAsync(string userId, string replyId, CancellationToken ct) => db.ListAsync(
        $"""
        select t.step, t.idx, t.part, t.provider_call_id, {ToolCallRows.PartOf($"t")}, t.hash, t.repeatable, t.epoch, t.sealed
        from tool_calls t where t.user_id = {userId} and t.reply_id = {replyId} order by t.step, t.idx
        """,
        row => new ToolCall(
            (int)row.GetInt64(0), (int)row.GetInt64(1), (int)row.GetInt64(2), row.GetString(3),
            (ToolPart)JsonSerializer.Deserialize(row.GetString(4), WireJson.Part)!, row.GetString(5),
            row.GetInt64(6) != 0, row.GetString(7))
        {
            Sealed = row.GetStringOrNull(8) is { } json ? MessageStore.ReadTexts(json) : [],
        }, ct);

    /// <summary>
    /// Writes the end of a step: its text and parts, its calls, what its model call has used. False where the fence is
    /// broken.
    /// </summary>
    public async Task<bool> AddAsync(
        PendingReplyRow reply, ReplyText text, SavedParts saved, CallUsage? used, IReadOnlyList<ToolCall> calls)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, reply.UserId);
        CallLedger.Settle(batch, reply.Call, used);
        budgets.AddReached(batch, reply.UserId, reply.HasOwnBudget);
        foreach (var call in calls)
        {
            var sealedJson = call.Sealed.Count == 0 ? null
                : JsonSerializer.Serialize(call.Sealed, MessagesJson.Default.IReadOnlyListString);
            batch.Execute($"""
                insert into tool_calls (user_id, reply_id, step, idx, part, call_id, provider_call_id, hash, data, input, state,
                  result, repeatable, sealed, epoch, call_attempt, asked)
                select {reply.UserId}, {reply.Id}, {(long)call.Step}, {(long)call.Index}, {(long)call.PartIndex},
                  {call.Part.CallId}, {call.ProviderCallId}, {call.Hash},
                  {ToolCallRows.DataOf(call.Part)}, {call.Part.Input.GetRawText()}, {call.Part.State},
                  {ToolCallRows.ResultOf(call.Part)}, {call.IsRepeatable}, {sealedJson}, {call.Epoch},
                  {reply.Attempt}, {call.IsWaiting}
                from messages where {leases.Fence(reply)}
                on conflict do nothing
                """);
        }
        return await SaveAsync(batch, reply, text, saved);
    }

    /// <summary>Writes what became of calls. False where the fence is broken.</summary>
    public Task<bool> ChangeAsync(
        PendingReplyRow reply, ReplyText text, SavedParts saved, IReadOnlyList<ToolCall> changed)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, reply.UserId);
        foreach (var call in changed)
            batch.Execute($"""
                update tool_calls set state = {call.Part.State}, result = {ToolCallRows.ResultOf(call.Part)},
                  attempt = {reply.Attempt}
                where user_id = {reply.UserId} and reply_id = {reply.Id} and step = {(long)call.Step} and idx = {(long)call.Index}
                  and (state in {CallStates.Open} or state = {call.Part.State})
                  and exists (select 1 from messages where {leases.Fence(reply)})
                """);
        return SaveAsync(batch, reply, text, saved);
    }

    /// <summary>
    /// Lets a reply wait for the answers to some of its calls: no node holds it any more. Null where the fence is
    /// broken, false where another number of calls waits by now, or a stop is requested.
    /// </summary>
    public async Task<bool?> WaitAsync(PendingReplyRow reply, int waiting)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, reply.UserId, clock.NewId(), clock.Now, 1, $"""
            exists (select 1 from messages where {leases.Fence(reply)} and stop_wanted = 0) and (
              select count(*) from tool_calls t
              where t.user_id = {reply.UserId} and t.reply_id = {reply.Id} and t.state = 'waiting') = {(long)waiting}
            """);
        var owned = batch.Query($"select 1 from messages where {leases.Fence(reply)}", _ => true);
        transaction.Execute($"""
            update messages set state = 'waiting', owner = null, lease_until = 0, goes_on = 0,
              wait_until = {db.Dialect.Now} + {options.WaitSeconds * 1_000L}
            from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.Id}
            """);
        transaction.Execute($"""
            update chats set changed = h.seq from {transaction.Locked} and chats.user_id = {reply.UserId} and chats.id = {reply.ChatId}
            """);
        transaction.Append(EventTypes.MessageWaiting, reply.ChatId, reply.Id);
        outbox.AddLast(transaction, NoticeTypes.ReplyWaiting, reply.ChatId, reply.Id);
        await events.CommitAsync(batch, reply.UserId, transaction);
        return transaction.Happened ? true : owned.First ? false : null;
    }

    async Task<bool> SaveAsync(WriteBatch batch, PendingReplyRow reply, ReplyText text, SavedParts saved)
    {
        PartRows.Write(
            batch.Execute, reply.UserId, reply.Id, $"messages where {leases.Fence(reply)}", saved, text.Attempt,
            text.Parts);
        // What tools have made is the reply's from now on: it may wait longer than an upload is kept that nobody names.
        foreach (var (place, file) in text.Parts.Items.Select(x => x.Part).OfType<FilePart>()
            .Where(x => x.MediaId is not null).Index())
            batch.Execute($"""
                insert into message_media (user_id, message_id, place, chat_id, media_id)
                select {reply.UserId}, {reply.Id}, {(long)place}, {reply.ChatId}, {file.MediaId} from messages
                where {leases.Fence(reply)}
                on conflict (user_id, message_id, place) do nothing
                """);
        var now = clock.Now;
        var kept = batch.Execute($"""
            update messages set content = {text.Content}, text_attempt = {text.Attempt}, parts_rev = {text.Parts.Rev},
              prefix = {(long)text.Content.Length}, kept_parts = {(long)text.Parts.Items.Count},
              timestamp = case when listed = 1 or {text.Content} = '' then timestamp else {now} end,
              listed = case when listed = 1 or {text.Content} <> '' then 1 else 0 end
            where {leases.Fence(reply)}
            """);
        await db.WriteAsync(batch);
        return kept.Changed == 1;
    }
}
