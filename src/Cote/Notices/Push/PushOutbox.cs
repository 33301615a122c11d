using Cote.Events;
using Cote.Primitives;

namespace Cote.Notices;

/// <summary>A push that this node has taken to send.</summary>
/// <param name="Seq">The event that it tells of: a later one of the same reply takes its place.</param>
/// <param name="At">When that event was.</param>
/// <param name="Tries">Counts this one.</param>
/// <param name="Address">Null where it need not be sent any more.</param>
/// <param name="Message">What is sent.</param>
sealed record Push(
    PushId Id, long Seq, Timestamp At, long Tries, DeviceAddress? Address, PushMessage? Message);

/// <summary>Which push: of a reply, to a device.</summary>
readonly record struct PushId(string UserId, string MessageId, string DeviceId);

/// <summary>A reply that nobody is known to have been shown yet.</summary>
readonly record struct UnshownReply(string UserId, string MessageId, long Seq);

/// <summary>
/// All SQL of pushes that are to be sent. They are written in the transaction of the event that they tell of, a row for
/// each device, and the row goes when the push is sent, or the reply is shown before.
/// </summary>
sealed class PushOutbox(
    Database db, DatabaseEngine engine, PushSenders senders, PushOptions options, Clock clock)
{
    /// <summary>How much may wait; beyond it the oldest is dropped.</summary>
    public const long MostWaiting = 100_000;

    const long LeaseMilliseconds = 60_000; // longer than a try
    const int LongestText = 4_000;
    const long BatchRows = 1_000;
    static readonly TimeSpan KeptFor = TimeSpan.FromHours(6); // longer than tries go on, with the gap before the last
    static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(30);

    long _addedAt = clock.Ticks;
    bool _hasWaiting;
    int _devices = Unknown;

    const int Unknown = 0;
    const int None = 1;
    const int Some = 2;

    /// <summary>
    /// Whether something may wait in the table: a row may have been added lately, here or by another node, or the last
    /// look at the table found one. What is wrong here is put right by the loops' look at the table each half minute.
    /// </summary>
    public bool IsBusy => senders.AreConfigured
        && (!engine.IsSingleProcess || Volatile.Read(ref _hasWaiting) || clock.Since(_addedAt) < After + BusyFor);

    TimeSpan After => TimeSpan.FromSeconds(options.AfterSeconds);

    // With one process it is known that there is no device: then a reply costs nothing.
    bool IsOn => senders.AreConfigured && _devices != None;

    /// <summary>A device is about to be registered.</summary>
    public void ExpectDevice() => Volatile.Write(ref _devices, Some);

    /// <summary>Looks whether there is any device, where no other process adds one.</summary>
    public async Task LookForDevicesAsync(CancellationToken ct)
    {
        if (engine.IsSingleProcess && !await db.FirstAsync($"select 1 from devices limit 1", _ => true, ct))
            Interlocked.CompareExchange(ref _devices, None, Unknown);
    }

    /// <summary>Tells the user's devices of the event that the transaction has appended last.</summary>
    public void AddLast(EventTransaction transaction, string kind, string chatId, string replyId)
    {
        if (IsOn)
            Add(transaction, $"""
                select h.user_id, {replyId}, d.id, {chatId}, {kind}, {transaction.LastSeq}, {transaction.At}, {DueAt}, 0
                from devices d, {transaction.Locked} and d.user_id = h.user_id
                """);
    }

    /// <summary>
    /// Tells them of replies that end with an event each by <see cref="EventTransaction.AppendEach"/>.
    /// </summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="rows">The replies as <c>m</c>, as they were before: <c>from messages m where …</c>.</param>
    public void AddEach(EventTransaction transaction, Sql rows)
    {
        if (IsOn)
            Add(transaction, $"""
                select h.user_id, e.id, d.id, e.chat_id, {PushKinds.Ended}, {transaction.EachSeq}, {transaction.At},
                  {DueAt}, 0
                from {EventTransaction.Numbered(rows)} e, devices d, {transaction.Locked} and d.user_id = h.user_id
                """);
    }

    void Add(EventTransaction transaction, Sql rows)
    {
        Volatile.Write(ref _addedAt, clock.Ticks);
        transaction.Execute($"""
            insert into pushes (user_id, message_id, device_id, chat_id, kind, seq, at, due_at, tries)
            {rows}
            on conflict (user_id, message_id, device_id) do update set kind = excluded.kind, seq = excluded.seq,
              at = excluded.at, due_at = excluded.due_at, tries = 0
            """);
    }

    // Read once for a statement, so that an index finds what is due.
    Sql Now => $"(select {db.Dialect.Now})";

    Sql DueAt => $"{db.Dialect.Now} + {options.AfterSeconds * 1_000L}";

    /// <summary>Adds to a batch what withdraws the pushes of replies: they were read.</summary>
    public void Withdraw(WriteBatch batch, string userId, IEnumerable<string> replies)
    {
        if (IsOn)
            batch.Execute($"delete from pushes where user_id = {userId} and message_id {db.Dialect.In(replies)}");
    }

    /// <summary>Withdraws the pushes of a reply where there are any: it was read once more.</summary>
    public async Task WithdrawAsync(string userId, string replyId, CancellationToken ct)
    {
        if (!IsOn || !await db.FirstAsync(
            $"select 1 from pushes where user_id = {userId} and message_id = {replyId}", _ => true, ct))
            return;
        var batch = new WriteBatch();
        Withdraw(batch, userId, [replyId]);
        await db.WriteAsync(batch);
    }

    /// <summary>Withdraws the pushes of events that were shown.</summary>
    public async Task WithdrawAsync(IEnumerable<UnshownReply> shown)
    {
        var batch = new WriteBatch();
        foreach (var (userId, messageId, seq) in shown.OrderBy(x => x.UserId, StringComparer.Ordinal))
            batch.Execute($"""
                delete from pushes where user_id = {userId} and message_id = {messageId} and seq <= {seq}
                """);
        await db.WriteAsync(batch);
    }

    /// <summary>
    /// The replies whose pushes wait, the next ones first; also those that are due, or being tried: a try that fails
    /// may be the last one then.
    /// </summary>
    public async Task<IReadOnlyList<UnshownReply>> ListWaitingAsync(long most, CancellationToken ct)
    {
        var rows = await db.ListAsync(
            $"select user_id, message_id, seq from pushes order by due_at limit {most}",
            row => new UnshownReply(row.GetString(0), row.GetString(1), row.GetInt64(2)), ct);
        Volatile.Write(ref _hasWaiting, rows.Count > 0);
        return [.. rows.GroupBy(x => (x.UserId, x.MessageId)).Select(x => x.MaxBy(y => y.Seq))];
    }

    /// <summary>The pushes that are due, by the database's clock, but for those of these users and kinds.</summary>
    public Task<IReadOnlyList<DuePush>> ListDueAsync(
        long most, IEnumerable<string> users, IEnumerable<string> kinds, CancellationToken ct) => db.ListAsync(
        $"""
        select p.user_id, p.message_id, p.device_id, d.kind from pushes p join devices d on d.id = p.device_id
        where p.due_at <= {Now} and not (p.user_id {db.Dialect.In(users)}) and not (d.kind {db.Dialect.In(kinds)})
        order by p.due_at limit {most}
        """, row => new DuePush(IdOf(row, 0), row.GetString(3)), ct);

    /// <summary>
    /// Takes pushes for a while, but for those that another node has, or that are not there any more. What became of
    /// their replies and devices is read in the same moment.
    /// </summary>
    public async Task<IReadOnlyList<Push>> ClaimAsync(IReadOnlyCollection<PushId> ids)
    {
        var batch = new WriteBatch();
        var taken = batch.Query(
            $"""
            update pushes set due_at = {db.Dialect.Now} + {LeaseMilliseconds}, tries = tries + 1
            where (device_id, message_id) in (
              select pushes.device_id, pushes.message_id from pushes
              where {Are(ids)} and pushes.due_at <= {Now} {db.Dialect.SkipLocked})
            returning user_id, message_id, device_id, seq, at, tries
            """, row => new Push(IdOf(row, 0), row.GetInt64(3), new(row.GetInt64(4)), row.GetInt64(5), null, null));
        var sent = batch.Query(
            $"""
            select d.kind, d.token, d.p256dh, d.auth, d.preview, pushes.kind, pushes.chat_id, pushes.at, c.title,
              substr(m.content, 1, cast({LongestText} as integer)),
              pushes.user_id, pushes.message_id, pushes.device_id
            from pushes
            join devices d on d.id = pushes.device_id
            join sessions s on s.id = d.session_id and s.revoked_at is null and s.expires_at > {clock.Now}
            join users u on u.id = pushes.user_id and u.disabled_at is null and u.erased_at is null
            join messages m on m.user_id = pushes.user_id and m.id = pushes.message_id and m.deleted_at is null
            join chats c on c.user_id = pushes.user_id and c.id = pushes.chat_id and c.deleted_at is null
            where {Are(ids)} and (pushes.kind = {PushKinds.Ended} or m.state = 'waiting')
            """, row => (Id: IdOf(row, 10), Message: MessageOf(row, IdOf(row, 10)), Address: new DeviceAddress(
                row.GetString(0), row.GetString(1), row.GetStringOrNull(2), row.GetStringOrNull(3))));
        await db.WriteAsync(batch);
        var found = sent.Items.ToDictionary(x => x.Id);
        return [.. taken.Items.Select(x => found.TryGetValue(x.Id, out var it)
            ? x with { Address = it.Address, Message = it.Message } : x)];
    }

    static PushId IdOf(Row row, int column) =>
        new(row.GetString(column), row.GetString(column + 1), row.GetString(column + 2));

    // A device has one user, so its id and that of the reply say which push it is.
    Sql Are(IReadOnlyCollection<PushId> ids)
    {
        var pairs = db.Dialect.In(ids.Select(x => x.MessageId + " " + x.DeviceId));
        return $"""
            pushes.device_id {db.Dialect.In(ids.Select(x => x.DeviceId))}
            and (pushes.message_id || ' ' || pushes.device_id) {pairs}
            """;
    }

    // What the device has not asked for does not come so far.
    static PushMessage MessageOf(Row row, PushId id)
    {
        var (preview, kind) = (row.GetString(4), row.GetString(5));
        return new(kind, id.UserId, row.GetString(6), id.MessageId,
            preview == Previews.Off ? "" : row.GetStringOrNull(8) ?? "",
            preview == Previews.Text && kind == PushKinds.Ended ? row.GetStringOrNull(9) ?? "" : "",
            new(row.GetInt64(7)));
    }

    /// <summary>Ends a push: it was sent, or is not to be sent. One of a later event stays.</summary>
    public async Task RemoveAsync(Push push)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from pushes where {Is(push.Id)} and seq = {push.Seq}");
        await db.WriteAsync(batch);
    }

    /// <summary>Lets a push be tried again later.</summary>
    public async Task RetryAsync(Push push, TimeSpan gap)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update pushes set due_at = {db.Dialect.Now} + {(long)gap.TotalMilliseconds}
            where {Is(push.Id)} and seq = {push.Seq}
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>Removes what is too old to be of use, and the oldest of what waits beyond the limit.</summary>
    /// <returns>How much was removed because too much waited.</returns>
    public async Task<long> SweepAsync(long mostWaiting, CancellationToken ct)
    {
        var old = clock.Now - KeptFor;
        // By a time and not by a count: another node does the same at the same moment.
        var (first, beyond) = await db.FirstAsync(
            $"select min(at), (select at from pushes order by at desc limit 1 offset {mostWaiting}) from pushes",
            row => (row.GetInt64OrNull(0), row.GetInt64OrNull(1)), ct);
        var until = Math.Max(old.Milliseconds, beyond ?? 0);
        long removed = 0;
        for (var last = BatchRows; first <= until && last == BatchRows; removed += last)
        {
            ct.ThrowIfCancellationRequested();
            var batch = new WriteBatch();
            var swept = batch.Execute($"""
                delete from pushes where (device_id, message_id) in (
                  select device_id, message_id from pushes where at <= {until} order by at limit {BatchRows})
                """);
            await db.WriteAsync(batch);
            last = swept.Changed;
        }
        return beyond > old.Milliseconds ? removed : 0;
    }

    /// <summary>Of the only process of a database that begins: nobody sends what another has taken.</summary>
    public async Task VoidLeasesAsync()
    {
        if (!await db.FirstAsync($"select 1 from pushes where tries > 0 limit 1", _ => true, CancellationToken.None))
            return;
        var batch = new WriteBatch();
        batch.Execute($"update pushes set due_at = 0 where tries > 0");
        await db.WriteAsync(batch);
    }

    static Sql Is(PushId id) => $"""
        pushes.user_id = {id.UserId} and pushes.message_id = {id.MessageId} and pushes.device_id = {id.DeviceId}
        """;
}
