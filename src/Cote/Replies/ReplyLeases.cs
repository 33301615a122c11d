using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Models;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>A lease of this node.</summary>
readonly record struct HeldLease(string UserId, string ReplyId, long Attempt, bool IsStopRequested);

/// <summary>How long a node may own a reply without renewing its lease.</summary>
/// <param name="Length">Fifteen seconds; tests take less.</param>
sealed record LeaseOptions(TimeSpan Length)
{
    public static readonly LeaseOptions Default = new(TimeSpan.FromSeconds(15));

    /// <summary>How often leases are renewed.</summary>
    public TimeSpan RenewEvery => Length / 3;
}

/// <summary>
/// The SQL of leases: which node owns a running reply, by the database's clock. <c>lease_until</c> is a time in Unix
/// milliseconds, or one of the two marks below.
/// </summary>
sealed class ReplyLeases(
    Database db, NodeNotifier notifier, Node node, CallLedger ledger, AssistantsOptions assistants, Clock clock,
    LeaseOptions options)
{
    /// <summary>
    /// The mark of a lease without an owner: its run failed, and the next claim counts as a takeover.
    /// </summary>
    const long Void = 0;

    /// <summary>The mark of a reply that its node handed over: the next claim does not count as a takeover.</summary>
    const long HandedOver = -1;

    /// <summary>How long after its longest time a call is settled that nobody has settled.</summary>
    static readonly TimeSpan SettledAfter = TimeSpan.FromMinutes(2);

    long LengthMilliseconds => (long)options.Length.TotalMilliseconds;

    /// <summary>The end of a lease that is taken now.</summary>
    public Sql Until => $"{db.Dialect.Now} + {LengthMilliseconds}";

    /// <summary>Claims the lowest pending reply of a chat for this node; null where there is none to claim.</summary>
    public async Task<PendingReplyRow?> ClaimAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        var lost = batch.Query($"""
            select 1 from messages where user_id = {userId} and chat_id = {chatId} and state in {States.Open}
              and state = 'running' and lease_until > {HandedOver} and {IsClaimable($"messages")}
            """, _ => true);
        var claim = batch.Execute($"""
            update messages set
              takeovers = takeovers + case when state = 'running' and lease_until > {HandedOver} then 1 else 0 end,
              text_attempt = case when {IsEmpty} then attempt + 1 else text_attempt end,
              goes_on = case when state = 'queued' and kept_parts > 0 then 1 else 0 end,
              state = 'running', owner = {node.Id}, lease_until = {Until}, attempt = attempt + 1
            where user_id = {userId} and id = (
                select o.id from messages o where o.user_id = {userId} and o.chat_id = {chatId}
                and o.state in {States.Open} order by o.seq limit 1)
              and {IsClaimable($"messages")}
            """);
        LostCalls.SettleMoved(batch, userId, $"calls.chat_id = {chatId}");
        AddCall(batch, $"""
            r.user_id = {userId} and r.chat_id = {chatId} and r.state = 'running' and r.owner = {node.Id}
              and r.kept_parts = 0
            """); // After a step, tools may come before the next model call.
        var row = batch.Query(PendingReplyRow.Select(
            $"r.user_id = {userId} and r.chat_id = {chatId} and r.state = 'running' and r.owner = {node.Id}"),
            PendingReplyRow.Read);
        await db.WriteAsync(batch);
        if (claim.Changed == 0)
            return null;
        if (lost.First)
            ReplyMetrics.OnTakenOver();
        notifier.Publish(new(NotificationKind.ReplyChanged, userId));
        return row.First;
    }

    /// <summary>Adds a row of the ledger for each claimed reply <c>r</c>, whose model is about to be called.</summary>
    public void AddCall(WriteBatch batch, Sql which) => AddCall(batch, which, $"r.model", $"0", $"r.attempt", null);

    /// <summary>The same for a prompt that is known.</summary>
    public void AddCall(
        WriteBatch batch, Sql which, Sql model, Sql input, Sql shown, (Amount Amount, Timestamp At)? reserved) =>
        ledger.Add(
            batch, new($"r.user_id", $"r.id", Purposes.Chat, $"r.attempt", shown, $"r.chat_id", model, input),
            $"messages r where {which}", TimeSpan.FromSeconds(assistants.MaxReplySeconds) + SettledAfter, reserved);

    /// <summary>Renews every lease of this node in one statement, and lists them.</summary>
    public async Task<IReadOnlyList<HeldLease>> RenewAsync()
    {
        var batch = new WriteBatch();
        // In the order of checkpoints that are committed together: neither waits for the other in a circle.
        batch.Lock($"""
            select 1 from messages where state = 'running' and owner = {node.Id}
            order by user_id, id
            """);
        // The text does not name the states of open replies: the embedded engine would take their index, and look at
        // all that wait in a queue or for an answer. PostgreSQL has an index of running replies by owner.
        var held = batch.Query(
            $"""
            update messages set lease_until = {Until}
            where state = 'running' and owner = {node.Id}
            returning user_id, id, attempt, stop_wanted
            """, row => new HeldLease(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3) != 0));
        await db.WriteAsync(batch);
        return held.Items;
    }

    /// <summary>Lets a lease lapse at once: its run failed, and the next claim counts as a takeover.</summary>
    public async Task DropAsync(string userId, string replyId, long attempt)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update messages set lease_until = {Void}
            where user_id = {userId} and id = {replyId} and state = 'running' and owner = {node.Id} and attempt = {attempt}
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>
    /// Makes every lease void: where no second process can exist, those found at the start have no owner.
    /// </summary>
    public Task VoidAllAsync()
    {
        var batch = new WriteBatch();
        VoidAll(batch);
        return db.WriteAsync(batch);
    }

    /// <summary>The same, as part of a batch.</summary>
    public static void VoidAll(WriteBatch batch) => batch.Execute($"""
        update messages set lease_until = {Void} where state in {States.Open} and lease_until > {Void}
        """);

    /// <summary>Makes the leases of nodes void that have ended. Returns the chats whose replies they held.</summary>
    public async Task<IReadOnlyList<(string UserId, string ChatId)>> VoidOfAsync(IReadOnlyList<string> nodes)
    {
        var batch = new WriteBatch();
        var chats = batch.Query(
            $"""
            update messages set lease_until = {Void}
            where state = 'running' and lease_until > {Void} and owner {db.Dialect.In(nodes)}
            returning user_id, chat_id
            """, row => (row.GetString(0), row.GetString(1)));
        await db.WriteAsync(batch);
        return chats.Items;
    }

    /// <summary>Gives a reply back with its text, for the next claim. This does not count as a takeover.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="text">The text.</param>
    /// <param name="saved">What of its parts is written.</param>
    /// <param name="used">What its call has used; null where none was made.</param>
    public async Task HandOverAsync(PendingReplyRow reply, ReplyText text, SavedParts saved, CallUsage? used)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, reply.UserId);
        CallLedger.Settle(batch, reply.Call, used);
        PartRows.Write(
            batch.Execute, reply.UserId, reply.Id, $"messages where {Fence(reply)}", saved, text.Attempt, text.Parts);
        batch.Execute($"""
            update messages set owner = null, lease_until = {HandedOver}, content = {text.Content}, text_attempt = {text.Attempt},
              parts_rev = {text.Parts.Rev}, timestamp = case when listed = 1 or {text.Content} = '' then timestamp else {clock.Now} end,
              listed = case when listed = 1 or {text.Content} <> '' then 1 else 0 end
            where {Fence(reply)}
            """);
        await db.WriteAsync(batch);
        notifier.Publish(new(NotificationKind.ReplyWaiting, reply.UserId, reply.ChatId));
    }

    /// <summary>Takes a reply from its owner, to end it here. Null where it has ended.</summary>
    public async Task<PendingReplyRow?> TakeOverAsync(string userId, string replyId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        batch.Execute($"""
            update messages set text_attempt = case when {IsEmpty} then attempt + 1 else text_attempt end,
              owner = {node.Id}, attempt = attempt + 1, state = 'running', lease_until = {Until}
            where user_id = {userId} and id = {replyId} and state in {States.Open}
              and (state = 'running' or not exists (
                select 1 from messages o where o.user_id = {userId} and o.chat_id = messages.chat_id and o.state = 'running'))
            """);
        LostCalls.SettleMoved(batch, userId, $"calls.subject_id = {replyId}");
        var row = batch.Query(PendingReplyRow.Select(
            $"r.user_id = {userId} and r.id = {replyId} and r.state = 'running' and r.owner = {node.Id}"),
            PendingReplyRow.Read);
        await db.WriteAsync(batch);
        return row.First;
    }

    /// <summary>
    /// Chats whose lowest pending reply has no owner: it waits, or its lease has lapsed. At most 10,000.
    /// </summary>
    public Task<IReadOnlyList<(string UserId, string ChatId)>> ListIdleAsync(CancellationToken ct) => db.ListAsync(
        $"""
        select m.user_id, m.chat_id from messages m
        where m.state in {States.Open} and {IsClaimable($"m")} and not exists (
          select 1 from messages o where o.user_id = m.user_id and o.chat_id = m.chat_id and o.state in {States.Open}
            and o.seq < m.seq)
        limit 10000
        """, row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>Those of these users who have a reply that another node makes.</summary>
    public Task<IReadOnlyList<string>> ListUsersWithRemoteRepliesAsync(
        IEnumerable<string> users, CancellationToken ct) => db.ListAsync(
        $"""
        select distinct user_id from messages
        where user_id {db.Dialect.In(users)} and state in {States.Open} and state = 'running' and owner <> {node.Id}
        """, row => row.GetString(0), ct);

    /// <summary>The fence, as a condition on <c>messages</c>: this node owns the reply, in this attempt.</summary>
    public Sql Fence(PendingReplyRow reply) => $"""
        user_id = {reply.UserId} and id = {reply.Id} and state = 'running' and owner = {node.Id} and attempt = {reply.Attempt}
        """;

    // What is shown next of a reply that has nothing yet belongs to the new attempt; older text keeps its own.
    static readonly Sql IsEmpty = $"content = '' and parts_rev = 0";

    // A row is claimable while it is queued, was handed over, or its lease has lapsed. A reply that runs here is not
    // claimed here again, however late its lease is; and just after the database has come back, a lapsed lease says
    // nothing of its owner. A lease that reaches too far was written by a clock that was set back since: a live owner
    // renews it in seconds.
    Sql IsClaimable(Sql row) => $"""
        {row}.state <> 'waiting' and ({row}.state = 'queued' or {row}.lease_until <= {Void} or {row}.owner is null
          or ({row}.lease_until < {db.Dialect.Now} or {row}.lease_until > {db.Dialect.Now} + {2 * LengthMilliseconds})
            and {row}.owner <> {node.Id} and {db.Engine.AvailableFor >= options.Length} = 1)
        """;
}
