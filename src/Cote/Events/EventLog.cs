using System.Security.Cryptography;
using Cote.Cluster;
using Microsoft.Extensions.Logging;

namespace Cote.Events;

/// <summary>The durable log of each user's events.</summary>
sealed class EventLog
{
    readonly Database _db;
    readonly NodeNotifier _notifier;
    readonly ILogger _log;
    long _committed;
    string _trimmedTo = "";

    public EventLog(Database db, NodeNotifier notifier, ILogger<EventLog> log)
    {
        (_db, _notifier, _log) = (db, notifier, log);
        notifier.Received += notification =>
        {
            if (notification.Kind == NotificationKind.Committed)
                Advanced?.Invoke(notification.UserId);
        };
    }

    /// <summary>The id of this database's history: a cursor of another epoch is not comparable.</summary>
    public string Epoch { get; private set; } = "";

    /// <summary>
    /// A new epoch has begun: events that were read before may be gone, and their numbers given to others.
    /// </summary>
    public event Action? EpochChanged;

    /// <summary>
    /// A transaction is about to be committed, with all of its events: what is read by its batch now need not be read
    /// after it.
    /// </summary>
    public event Action<EventTransaction>? Committing;

    /// <summary>The log of this user has moved on, by a commit of this node or of another one.</summary>
    public event Action<string>? Advanced;

    /// <summary>How many events were ever committed, as far as this process knows.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    /// <summary>Reads the epoch. Begins one in a new database, and in one that was restored from a copy.</summary>
    public async Task OpenAsync(EpochFile? file, CancellationToken ct)
    {
        try
        {
            // It reads first: a start on a full disk writes nothing that it need not, and serves reads.
            if (await ReadMetaAsync("epoch", ct) is null)
                await InsertEpochAsync();
            if (file is not null)
                await BeginRunAsync(file, ct);
            Epoch = (await ReadMetaAsync("epoch", ct))!;
        }
        catch (ProblemException error)
        {
            throw new StartupException($"The database cannot be used: {error.Problem.Detail}.", error);
        }
    }

    // Nodes that start together agree on one.
    Task<Outcome> InsertEpochAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"insert into meta (key, value) values ('epoch', {NewName()}) on conflict (key) do nothing");
        return _db.WriteAsync(batch);
    }

    // With the embedded database a run continues the one before, or a copy of an earlier one.
    async Task BeginRunAsync(EpochFile file, CancellationToken ct)
    {
        var previous = await ReadMetaAsync("run", ct);
        _committed = await _db.FirstAsync(
            $"""
            select coalesce((select sum(seq) from heads), 0) + (select value from counters where name = 'erased_events')
            """, row => row.GetInt64(0), ct);
        if (previous is not null && file.IsOlderThanKnown(previous, _committed))
        {
            _log.DatabaseRestored();
            await RenewEpochAsync();
        }
        var (run, stored) = (NewName(), previous);
        try
        {
            var batch = new WriteBatch();
            SetMeta(batch, "run", run);
            await _db.WriteAsync(batch);
            stored = run;
            file.Begin(run, _committed);
        }
        catch (Exception error) when (
            stored is not null && error is IOException or ProblemException { Problem.Status: 507 })
        {
            // The disk is full. The stored run goes on, so reads are served and a restored copy is still noticed.
            file.Resume(stored!);
        }
    }

    /// <summary>
    /// Begins a new epoch, so that every client fetches its state anew. A step of each restore and failover, after
    /// which events that clients have seen may be gone, and their numbers given to others.
    /// </summary>
    public Task RenewEpochAsync()
    {
        var batch = new WriteBatch();
        RenewEpoch(batch);
        return _db.WriteAsync(batch);
    }

    /// <summary>The same, as part of a batch.</summary>
    public static void RenewEpoch(WriteBatch batch) => SetMeta(batch, "epoch", NewName());

    /// <summary>Reads the epoch again, and raises <see cref="EpochChanged"/> where it is another one.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        if (await ReadMetaAsync("epoch", ct) is not { } epoch || epoch == Epoch)
            return;
        _log.EpochBegins();
        Epoch = epoch;
        EpochChanged?.Invoke();
    }

    /// <summary>Commits event transactions of a user, and announces them here and to other nodes.</summary>
    public async Task<Outcome> CommitAsync(
        WriteBatch batch, string userId, params IReadOnlyCollection<EventTransaction> transactions)
    {
        foreach (var transaction in transactions)
            Committing?.Invoke(transaction);
        var outcome = await _db.WriteAsync(batch);
        if (outcome != Outcome.Committed || transactions.Count == 0)
            return outcome;
        foreach (var transaction in transactions)
            Interlocked.Add(ref _committed, transaction.Events);
        Advanced?.Invoke(userId);
        _notifier.Publish(new(NotificationKind.Committed, userId));
        return outcome;
    }

    /// <summary>
    /// Deletes events older than <paramref name="before"/>, but never the newest <paramref name="keep"/> events of a
    /// user; at most <paramref name="most"/> in one batch, so that a long deletion does not hold the writer. It looks
    /// at a slice of the users, and the next time at the next one. False where it was the last.
    /// </summary>
    public async Task<bool> TrimAsync(Timestamp before, long keep, int most, CancellationToken ct)
    {
        var user = _trimmedTo;
        var last = await EndOfUsersAsync(user, ct);
        while (true)
        {
            var longest = await _db.ListAsync(
                $"""
                select user_id, seq, tail from heads
                where {Slices.Holds($"user_id", user, last)} and seq - tail > {keep} order by user_id limit 100
                """,
                row => (User: row.GetString(0), Seq: row.GetInt64(1), Tail: row.GetInt64(2)), ct);
            if (longest.Count == 0)
                break;
            foreach (var (id, seq, tail) in longest)
                await TrimAsync(id, tail, seq - keep, before, most, ct);
            user = longest[^1].User;
        }
        _trimmedTo = last ?? "";
        return last is not null;
    }

    /// <summary>The last user of the slice after one; null where it is the last slice.</summary>
    public Task<string?> EndOfUsersAsync(string after, CancellationToken ct) =>
        Slices.EndAsync(_db, $"heads", $"user_id", after, ct);

    async Task TrimAsync(string userId, long tail, long last, Timestamp before, int most, CancellationToken ct)
    {
        while (tail < last)
        {
            var to = await _db.FirstAsync(
                $"""
                select max(seq) from events
                where user_id = {userId} and seq > {tail} and seq <= {Math.Min(last, tail + most)} and at < {before}
                """, row => row.GetInt64OrNull(0), ct);
            if (to is null)
                return;
            tail = to.Value;
            var batch = new WriteBatch();
            batch.Execute($"update heads set tail = {tail} where user_id = {userId} and tail < {tail}");
            batch.Execute($"delete from events where user_id = {userId} and seq <= {tail}");
            await _db.WriteAsync(batch);
        }
    }

    /// <summary>The newest event of a user, and the newest that was trimmed.</summary>
    public Task<(long Head, long Tail)> BoundsAsync(string userId, CancellationToken ct) =>
        _db.FirstAsync($"select seq, tail from heads where user_id = {userId}",
            row => (row.GetInt64(0), row.GetInt64(1)), ct);

    /// <summary>The newest event of a user, as a cursor.</summary>
    public async Task<Cursor> HeadAsync(string userId, CancellationToken ct) => new(Epoch,
        await _db.FirstAsync($"select seq from heads where user_id = {userId}", row => row.GetInt64(0), ct));

    /// <summary>The newest event of each of these users.</summary>
    public Task<IReadOnlyList<(string UserId, long Seq)>> HeadsAsync(IEnumerable<string> users, CancellationToken ct) =>
        _db.ListAsync(
            $"select user_id, seq from heads where user_id {_db.Dialect.In(users)}",
            row => (row.GetString(0), row.GetInt64(1)), ct);

    Task<string?> ReadMetaAsync(string key, CancellationToken ct) =>
        _db.FirstAsync($"select value from meta where key = {key}", row => row.GetString(0), ct);

    static void SetMeta(WriteBatch batch, string key, string value) => batch.Execute($"""
        insert into meta (key, value) values ({key}, {value}) on conflict (key) do update set value = {value}
        """);

    static string NewName() => RandomNumberGenerator.GetString("0123456789abcdefghijklmnopqrstuvwxyz", 12);
}
