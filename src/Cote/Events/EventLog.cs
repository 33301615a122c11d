using Cote.Cluster;
using Cote.Data;
using Cote.Delivery;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Events;

/// <summary>The durable log of what happened to each user's chats and messages.</summary>
sealed class EventLog(Database db, Hub hub, NodeNotifier notifier, ILogger<EventLog> log)
{
    long _committed;

    /// <summary>The id of this database: a cursor of another one means nothing here.</summary>
    public string Epoch { get; private set; } = "";

    /// <summary>A new epoch has begun: what was read before may be gone, and its numbers given to others.</summary>
    public event Action? Renewed;

    /// <summary>How many events were ever committed, as far as this process knows.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    /// <summary>Reads the epoch, or makes one: for a new database, and for one that was put back from a copy.</summary>
    public async Task OpenAsync(EpochFile? file, CancellationToken ct)
    {
        try
        {
            // Read first: a start on a full disk writes nothing that it need not, and serves reads.
            if (await MetaAsync("epoch", ct) is null)
                await InsertEpochAsync();
            if (file is not null)
                await FollowOnAsync(file, ct);
            Epoch = (await MetaAsync("epoch", ct))!;
        }
        catch (ProblemException error)
        {
            throw new StartupException($"The database cannot be used: {error.Problem.Detail}.", error);
        }
    }

    Task<Outcome> InsertEpochAsync()
    {
        var batch = new WriteBatch(); // nodes that start together agree on one
        batch.Execute($"insert into meta (key, value) values ('epoch', {Name()}) on conflict (key) do nothing");
        return db.WriteAsync(batch);
    }

    // With the embedded database a run follows on the one before, or on a copy of an earlier one.
    async Task FollowOnAsync(EpochFile file, CancellationToken ct)
    {
        var before = await MetaAsync("run", ct);
        _committed = await db.FirstAsync($"select coalesce((select sum(seq) from heads), 0) + (select value from counters where name = 'erased_events')", row => row.GetInt64(0), ct);
        if (before is not null && file.IsOlderThanKnown(before, _committed))
        {
            log.LogWarning("The database was put back from a copy, or its epoch file was lost: clients begin again from a new epoch");
            await RenewEpochAsync();
        }
        var (run, stored) = (Name(), before);
        try
        {
            await SetAsync("run", run);
            stored = run;
            file.Begin(run, _committed);
        }
        catch (Exception error) when (stored is not null && error is IOException or ProblemException { Problem.Status: 507 })
        {
            // The disk is full. The stored run goes on, so reads are served and a copy that is put back is still noticed.
            file.Resume(stored!);
        }
    }

    /// <summary>
    /// Every client begins again: its cursor is of another epoch. A step of each restore and failover, after which events
    /// that clients have seen may be gone, and their numbers given to others.
    /// </summary>
    public Task RenewEpochAsync()
    {
        var batch = new WriteBatch();
        RenewEpoch(batch);
        return db.WriteAsync(batch);
    }

    /// <summary>The same, as part of a unit.</summary>
    public static void RenewEpoch(WriteBatch batch) => Set(batch, "epoch", Name());

    /// <summary>Reads the epoch again; where somebody has renewed it, every connection is told to come back.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        if (await MetaAsync("epoch", ct) is not { } epoch || epoch == Epoch)
            return;
        log.LogWarning("A new epoch begins: clients fetch their state anew");
        Epoch = epoch;
        Renewed?.Invoke();
        hub.DisconnectAll();
    }

    /// <summary>Commits changes of a user and wakes those who follow.</summary>
    public async Task<Outcome> CommitAsync(WriteBatch batch, string userId, params IReadOnlyCollection<EventTransaction> changes)
    {
        var outcome = await db.WriteAsync(batch);
        if (outcome != Outcome.Committed || changes.Count == 0)
            return outcome;
        foreach (var transaction in changes)
            Interlocked.Add(ref _committed, transaction.Events);
        hub.Wake(userId);
        notifier.Publish(new(NotificationKind.Committed, userId));
        return outcome;
    }

    /// <summary>
    /// Trims what is older than <paramref name="before"/>, but never the newest <paramref name="keep"/> events of a
    /// user; so many in one unit, so that much to trim does not hold the writer.
    /// </summary>
    public async Task TrimAsync(Timestamp before, long keep, int most, CancellationToken ct)
    {
        for (var user = ""; ;)
        {
            var longest = await db.ListAsync(
                $"select user_id, seq, tail from heads where user_id > {user} and seq - tail > {keep} order by user_id limit 100",
                row => (User: row.GetString(0), Seq: row.GetInt64(1), Tail: row.GetInt64(2)), ct);
            if (longest.Count == 0)
                return;
            foreach (var (id, seq, tail) in longest)
                await TrimAsync(id, tail, seq - keep, before, most, ct);
            user = longest[^1].User;
        }
    }

    async Task TrimAsync(string userId, long tail, long last, Timestamp before, int most, CancellationToken ct)
    {
        while (tail < last)
        {
            var to = await db.FirstAsync(
                $"""
                select max(seq) from events
                where user_id = {userId} and seq > {tail} and seq <= {Math.Min(last, tail + most)} and at < {before}
                """, row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), ct);
            if (to is null)
                return;
            tail = to.Value;
            var batch = new WriteBatch();
            batch.Execute($"update heads set tail = {tail} where user_id = {userId} and tail < {tail}");
            batch.Execute($"delete from events where user_id = {userId} and seq <= {tail}");
            await db.WriteAsync(batch);
        }
    }

    /// <summary>The newest event of a user, and the newest that was trimmed.</summary>
    public Task<(long Head, long Tail)> BoundsAsync(string userId, CancellationToken ct) =>
        db.FirstAsync($"select seq, tail from heads where user_id = {userId}", row => (row.GetInt64(0), row.GetInt64(1)), ct);

    /// <summary>The newest event of a user, as a cursor.</summary>
    public async Task<Cursor> HeadAsync(string userId, CancellationToken ct) => new(Epoch,
        await db.FirstAsync($"select seq from heads where user_id = {userId}", row => row.GetInt64(0), ct));

    /// <summary>The newest event of each of these users.</summary>
    public Task<IReadOnlyList<(string UserId, long Seq)>> HeadsAsync(IEnumerable<string> users, CancellationToken ct) =>
        db.ListAsync(
            $"select user_id, seq from heads where user_id in {db.Dialect.EachOf(users)}",
            row => (row.GetString(0), row.GetInt64(1)), ct);

    Task<string?> MetaAsync(string key, CancellationToken ct) =>
        db.FirstAsync($"select value from meta where key = {key}", row => row.GetString(0), ct);

    Task<Outcome> SetAsync(string key, string value)
    {
        var batch = new WriteBatch();
        Set(batch, key, value);
        return db.WriteAsync(batch);
    }

    static void Set(WriteBatch batch, string key, string value) =>
        batch.Execute($"insert into meta (key, value) values ({key}, {value}) on conflict (key) do update set value = {value}");

    static string Name() =>
        new(System.Security.Cryptography.RandomNumberGenerator.GetItems<char>("0123456789abcdefghijklmnopqrstuvwxyz", 12));
}
