using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Data;
using Cote.Events;
using Cote.Models;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>A reply that has not ended, with all that its maker needs of its question and its chat.</summary>
sealed record PendingReplyRow(
    string UserId, string ChatId, string Id, long Seq, string State, long Attempt, long TextAttempt, string Content,
    long Takeovers, string Model, bool IsListed, bool StopWanted,
    string QuestionId, long QuestionSeq, long QuestionEvent, string QuestionStatus,
    string? SystemPrompt, double? Temperature, int? MaxTokens, string? Owner)
{
    public PendingReply ToOpenReply() => new(
        ChatId, Id, QuestionId, Seq, Model, QuestionEvent, Content.Length > 0 ? TextAttempt : Attempt, Content,
        State == States.Running ? Owner : null);
}

/// <summary>A reply that is this node's by its row.</summary>
readonly record struct HeldLease(string UserId, string Id, long Attempt, bool StopWanted);

/// <summary>How a reply ends.</summary>
sealed record ReplyEnd(string State, string Content, long TextAttempt, GenerationError? Error = null, Usage? Usage = null);

/// <summary>
/// All SQL of what a reply goes through: claim, lease, checkpoint, end. Every write after the claim carries owner and
/// attempt, the fence: where they do not match any more, somebody else has taken the reply, and nothing is written.
/// What moves the fence waits its turn among the changes of the user, so that it does not move in the middle of one.
/// </summary>
sealed class ReplyStore(Database db, EventLog events, NodeNotifier notifier, Clock clock, ReplyQueue queue)
{
    const long LeaseMilliseconds = 15_000;

    /// <summary>How long a reply is its maker's without a word of it.</summary>
    public static readonly TimeSpan LeaseLength = TimeSpan.FromMilliseconds(LeaseMilliseconds);

    /// <summary>Until when a lease taken now is good, by the database's clock.</summary>
    public static Sql Lease(SqlDialect engine) => $"{engine.Now} + {LeaseMilliseconds}";

    public static Sql SelectPending(Sql where) => $"""
        select r.user_id, r.chat_id, r.id, r.seq, r.state, r.attempt, r.text_attempt, r.content, r.takeovers, r.model,
          r.listed, r.stop_wanted, q.id, q.seq, q.event_seq, q.status, c.system_prompt, c.temperature, c.max_tokens, r.owner
        from messages r
        join messages q on q.user_id = r.user_id and q.id = r.reply_to_id
        join chats c on c.user_id = r.user_id and c.id = r.chat_id
        where {where}
        """;

    public static PendingReplyRow ReadPending(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetString(4), row.GetInt64(5),
        row.GetInt64(6), row.GetString(7), row.GetInt64(8), row.GetString(9), row.GetInt64(10) != 0, row.GetInt64(11) != 0,
        row.GetString(12), row.GetInt64(13), row.GetInt64(14), row.GetString(15),
        row.IsDBNull(16) ? null : row.GetString(16), row.IsDBNull(17) ? null : row.GetDouble(17),
        row.IsDBNull(18) ? null : (int)row.GetInt64(18), row.IsDBNull(19) ? null : row.GetString(19));

    /// <summary>The open replies of a user, or of one chat, in order.</summary>
    public Task<IReadOnlyList<PendingReplyRow>> ListOpenAsync(string userId, string? chatId, CancellationToken ct) =>
        db.ListAsync(OpenOf(userId, chatId), ReadPending, ct);

    /// <summary>The query behind <see cref="ListOpenAsync"/>, for a snapshot.</summary>
    public static Sql OpenOf(string userId, string? chatId)
    {
        Sql open = $"r.user_id = {userId} and r.state in ('queued', 'running')";
        if (chatId is not null)
            open = $"{open} and r.chat_id = {chatId}";
        return $"{SelectPending(open)} order by r.chat_id, r.seq";
    }

    /// <summary>Chats with a reply that nobody makes: waiting, or its lease has lapsed.</summary>
    public Task<IReadOnlyList<(string UserId, string ChatId)>> ListIdleAsync(CancellationToken ct) =>
        db.ListAsync(
            $"""
            select m.user_id, m.chat_id from messages m
            where m.state in ('queued', 'running') and {Claimable($"m")} and not exists (
              select 1 from messages o where o.user_id = m.user_id and o.chat_id = m.chat_id and o.state in ('queued', 'running')
                and o.seq < m.seq)
            limit 10000
            """, row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>On an engine where no second process can exist, every lease found at the start is void.</summary>
    public async Task VoidLeasesAsync()
    {
        var batch = new WriteBatch();
        VoidLeases(batch);
        await db.WriteAsync(batch);
    }

    /// <summary>The same, as part of a unit.</summary>
    public static void VoidLeases(WriteBatch batch) =>
        batch.Execute($"update messages set lease_until = 0 where state in ('queued', 'running') and lease_until > 0");

    /// <summary>Claims the lowest open reply of a chat, if nobody makes it; null where there is none to claim.</summary>
    public async Task<PendingReplyRow?> ClaimAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        var claim = batch.Execute($"""
            update messages set takeovers = takeovers + case when state = 'running' and lease_until > -1 then 1 else 0 end,
              state = 'running', owner = {queue.Node}, lease_until = {Lease(db.Dialect)}, attempt = attempt + 1
            where user_id = {userId} and id = (
                select o.id from messages o where o.user_id = {userId} and o.chat_id = {chatId}
                and o.state in ('queued', 'running') order by o.seq limit 1)
              and {Claimable($"messages")}
            """);
        var row = batch.Query(SelectPending(
            $"r.user_id = {userId} and r.chat_id = {chatId} and r.state in ('queued', 'running') and r.owner = {queue.Node}"), ReadPending);
        await db.WriteAsync(batch);
        if (claim.Changed == 0)
            return null;
        notifier.Publish(new(NotificationKind.ReplyChanged, userId));
        return row.First;
    }

    /// <summary>Raises the attempt before another model call; false where the reply is not this node's any more.</summary>
    public async Task<bool> RaiseAttemptAsync(PendingReplyRow reply)
    {
        var batch = new WriteBatch();
        var raised = batch.Execute($"""
            update messages set attempt = attempt + 1, lease_until = {Lease(db.Dialect)} where {Fence(reply)}
            """);
        await db.WriteAsync(batch);
        return raised.Changed == 1;
    }

    /// <summary>Renews every lease of this node, in one statement; what is this node's, and whether it should stop.</summary>
    public async Task<IReadOnlyList<HeldLease>> RenewAsync()
    {
        var batch = new WriteBatch();
        var mine = batch.Query(
            $"""
            update messages set lease_until = {Lease(db.Dialect)}
            where state in ('queued', 'running') and state = 'running' and owner = {queue.Node}
            returning user_id, id, attempt, stop_wanted
            """, row => new HeldLease(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3) != 0));
        await db.WriteAsync(batch);
        return mine.Items;
    }

    /// <summary>Of these users, those with a reply that another node makes.</summary>
    public Task<IReadOnlyList<string>> ListUsersWithRepliesElsewhereAsync(IEnumerable<string> users, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select distinct user_id from messages
            where user_id in {db.Dialect.EachOf(users)} and state in ('queued', 'running') and state = 'running' and owner <> {queue.Node}
            """, row => row.GetString(0), ct);

    /// <summary>Keeps the text so far, and what it says of the question. Null where the fence is broken, else: should it stop?</summary>
    public async Task<bool?> CheckpointAsync(PendingReplyRow reply, long textAttempt, string content, string questionStatus)
    {
        var batch = new WriteBatch();
        var now = clock.Now;
        var changes = new List<EventTransaction>();
        Sql columns = $"""
            content = {content}, text_attempt = {textAttempt}, listed = 1,
              timestamp = case when listed = 1 then timestamp else {now} end
            """;
        if (questionStatus == reply.QuestionStatus)
        {
            batch.Execute($"update messages set {columns} where {Fence(reply)}");
        }
        else
        {
            var transaction = new EventTransaction(batch, reply.UserId, clock.NewId(), now, 1, HoldsFence(reply));
            transaction.Execute($"update messages set {columns} from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.Id}");
            MoveQuestion(transaction, reply, questionStatus);
            transaction.Execute($"update chats set changed = h.seq from {transaction.Locked} and chats.user_id = {reply.UserId} and chats.id = {reply.ChatId}");
            transaction.Append(EventTypes.MessageStatus, reply.ChatId, reply.QuestionId);
            changes.Add(transaction);
        }
        var wish = batch.Query($"select stop_wanted from messages where {Fence(reply)}", row => row.GetInt64(0) != 0);
        await events.CommitAsync(batch, reply.UserId, changes);
        if (wish.Items.Count == 0)
            return null;
        notifier.Publish(new(NotificationKind.ReplyChanged, reply.UserId));
        return wish.First;
    }

    /// <summary>Ends a reply: its text, its state, its event, its chat. False where the fence is broken.</summary>
    public Task<bool> EndAsync(PendingReplyRow reply, ReplyEnd end, string questionStatus) =>
        EndAsync(reply, end, questionStatus, HoldsFence(reply));

    async Task<bool> EndAsync(PendingReplyRow reply, ReplyEnd end, string questionStatus, Sql guard)
    {
        var batch = new WriteBatch();
        var moves = questionStatus != reply.QuestionStatus;
        var transaction = new EventTransaction(batch, reply.UserId, clock.NewId(), clock.Now, moves ? 2 : 1, guard);
        if (moves)
        {
            MoveQuestion(transaction, reply, questionStatus);
            transaction.Append(EventTypes.MessageStatus, reply.ChatId, reply.QuestionId);
        }
        var usage = end.Usage is null ? null : JsonSerializer.Serialize(end.Usage, MessagesJson.Default.Usage);
        transaction.Execute($"""
            update messages set state = {end.State}, content = {end.Content}, text_attempt = {end.TextAttempt},
              timestamp = case when listed = 1 then timestamp else {transaction.At} end, listed = 1, event_seq = h.seq,
              tokens = {(long)TokenEstimate.Of(end.Content)}, error_code = {end.Error?.Code},
              error_detail = {end.Error?.Detail}, usage = {usage}, owner = null, lease_until = 0
            from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.Id}
            """);
        transaction.Execute($"""
            update chats set changed = h.seq, activity = h.seq, last_message_time = m.timestamp,
              last_message_content = {Excerpt.Of(end.Content, Chat.LongestExcerpt)}
            from messages m, {transaction.Locked} and chats.user_id = {reply.UserId} and chats.id = {reply.ChatId}
              and m.user_id = {reply.UserId} and m.id = {reply.Id}
            """);
        transaction.Append(EventTypes.Message, reply.ChatId, reply.Id);
        var next = batch.Query(
            $"""
            select 1 from messages where user_id = {reply.UserId} and chat_id = {reply.ChatId}
              and state in ('queued', 'running') and state = 'queued' limit 1
            """, _ => true);
        await events.CommitAsync(batch, reply.UserId, transaction);
        if (next.First)
            queue.Wake(reply.UserId, reply.ChatId);
        return transaction.Happened;
    }

    /// <summary>Gives a reply back, its text kept, for whoever claims it next. This does not count as a takeover.</summary>
    public async Task HandOverAsync(PendingReplyRow reply, long textAttempt, string content)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update messages set owner = null, lease_until = -1, content = {content}, text_attempt = {textAttempt},
              timestamp = case when listed = 1 or {content} = '' then timestamp else {clock.Now} end,
              listed = case when listed = 1 or {content} <> '' then 1 else 0 end
            where {Fence(reply)}
            """);
        await db.WriteAsync(batch);
        notifier.Publish(new(NotificationKind.ReplyWaiting, reply.UserId, reply.ChatId));
    }

    /// <summary>Lets a reply's lease lapse at once: its run broke, and the next claim counts as a takeover.</summary>
    public async Task DropAsync(string userId, string id, long attempt)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update messages set lease_until = 0
            where user_id = {userId} and id = {id} and state = 'running' and owner = {queue.Node} and attempt = {attempt}
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>Writes the wish to stop on every open reply of a chat; those on which it was not yet written.</summary>
    public async Task<IReadOnlyList<string>> RequestStopAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        var wished = batch.Query(
            $"""
            update messages set stop_wanted = 1
            where user_id = {userId} and chat_id = {chatId} and state in ('queued', 'running') and stop_wanted = 0
            returning id
            """, row => row.GetString(0));
        await db.WriteAsync(batch);
        return wished.Items;
    }

    /// <summary>Ends a reply that waits and is not wanted any more. False where somebody has begun to make it.</summary>
    public Task<bool> EndQueuedAsync(PendingReplyRow reply) => EndAsync(
        reply, new(States.Stopped, reply.Content, reply.TextAttempt), reply.QuestionStatus,
        $"""
        exists (select 1 from messages where user_id = {reply.UserId} and id = {reply.Id} and state = 'queued' and stop_wanted = 1)
        """);

    /// <summary>Takes a reply from whoever has it, to end it here. Null where it has ended.</summary>
    public async Task<PendingReplyRow?> TakeOverAsync(string userId, string id)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        batch.Execute($"""
            update messages set owner = {queue.Node}, attempt = attempt + 1, state = 'running', lease_until = {Lease(db.Dialect)}
            where user_id = {userId} and id = {id} and state in ('queued', 'running')
              and (state = 'running' or not exists (
                select 1 from messages o where o.user_id = {userId} and o.chat_id = messages.chat_id and o.state = 'running'))
            """);
        var row = batch.Query(SelectPending(
            $"r.user_id = {userId} and r.id = {id} and r.state = 'running' and r.owner = {queue.Node}"), ReadPending);
        await db.WriteAsync(batch);
        return row.First;
    }

    // It waits, or was given back, or its lease has lapsed; but what is being made here is not claimed here again, however
    // late its lease is, and while the database has only just come back, a lease that lapsed says nothing of its owner. One
    // that reaches too far is of a clock that was put back since: an owner who lives writes it anew within seconds.
    Sql Claimable(Sql row) => $"""
        ({row}.state = 'queued' or {row}.lease_until <= 0 or {row}.owner is null
          or ({row}.lease_until < {db.Dialect.Now} or {row}.lease_until > {db.Dialect.Now} + {2 * LeaseMilliseconds}) and {row}.owner <> {queue.Node} and {db.Engine.AvailableFor >= LeaseLength} = 1)
        """;

    static void MoveQuestion(EventTransaction transaction, PendingReplyRow reply, string status) => transaction.Execute($"""
        update messages set status = {status}
        from {transaction.Locked} and messages.user_id = {reply.UserId} and messages.id = {reply.QuestionId}
        """);

    Sql Fence(PendingReplyRow reply) => $"""
        user_id = {reply.UserId} and id = {reply.Id} and state = 'running' and owner = {queue.Node} and attempt = {reply.Attempt}
        """;

    Sql HoldsFence(PendingReplyRow reply) => $"""
        exists (select 1 from messages where user_id = {reply.UserId} and id = {reply.Id} and state = 'running'
          and owner = {queue.Node} and attempt = {reply.Attempt})
        """;
}
