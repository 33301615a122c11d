using System.Collections.Concurrent;
using System.Threading.Channels;
using Cote.Cluster;
using Cote.Data;
using Cote.Events;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>
/// Sessions that were ended while a token of theirs could still be shown. Every request and every socket asks this set,
/// whatever else is remembered of a token. The rows are the truth: each node reads the newer ones twice a second, so a
/// revocation works everywhere within a second, also one that the command line wrote.
/// </summary>
sealed class Revocations(Database db, EventLog events, NodeNotifier notifier, AuthOptions options, Clock clock, ILogger<Revocations> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    readonly ConcurrentDictionary<string, Timestamp> _sessions = [];
    readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    long _read;

    /// <summary>Called with the id of a session when it has been revoked.</summary>
    public event Action<string>? Revoked;

    public bool Contains(string sessionId) => _sessions.ContainsKey(sessionId);

    /// <summary>
    /// Adds to a unit what ends the sessions of a user that <paramref name="which"/> (a condition on <c>s</c>) holds for,
    /// and that have not ended yet. The rows that come back are their ids: give them to <see cref="Apply"/> after the commit.
    /// </summary>
    public Query<string> Add(WriteBatch batch, Sql which)
    {
        var now = clock.Now;
        // Numbered are those that the first statement has ended, and no others: a login in between is not among them. The
        // counter's lock puts the numbers in the order of the commits, so that who reads on misses none.
        batch.Lock($"select 1 from counters where name = 'revocations'");
        var ended = batch.Query(
            $"""
            update sessions set revoked_at = {now} where id in (select s.id from sessions s where s.revoked_at is null and {which}) returning id
            """, row => row.GetString(0));
        Sql just = $"s.revoked_at = {now} and {which}";
        batch.Execute($"""
            update counters set value = value + (select count(*) from sessions s where {just}) where name = 'revocations'
            """);
        batch.Execute($"""
            insert into revocations (seq, session_id, until)
            select c.value + 1 - row_number() over (order by s.id), s.id, {now + TimeSpan.FromMinutes(options.AccessTokenMinutes)}
            from counters c, sessions s where c.name = 'revocations' and {just}
            """);
        return ended;
    }

    /// <summary>They are committed: from now on they are refused here.</summary>
    public void Apply(Query<string> revoked)
    {
        foreach (var id in revoked.Items)
            Add(id, clock.Now + TimeSpan.FromMinutes(options.AccessTokenMinutes));
        if (revoked.Items.Count > 0)
            notifier.Publish(new(NotificationKind.SessionsRevoked));
    }

    /// <summary>Ends sessions, in a unit of their own; how many there were.</summary>
    public async Task<int> RevokeAsync(Sql which, Action<WriteBatch>? also = null)
    {
        var batch = new WriteBatch();
        var revoked = Add(batch, which);
        also?.Invoke(batch);
        await db.WriteAsync(batch);
        Apply(revoked);
        return revoked.Items.Count;
    }

    /// <summary>Reads what was revoked since the last time.</summary>
    public async Task ReadAsync(CancellationToken ct)
    {
        var newer = await db.ListAsync(
            $"select seq, session_id, until from revocations where seq > {_read} order by seq",
            row => (Seq: row.GetInt64(0), Id: row.GetString(1), Until: new Timestamp(row.GetInt64(2))), ct);
        foreach (var (seq, id, until) in newer)
        {
            Add(id, until);
            _read = seq;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        events.EpochChanged += () => Volatile.Write(ref _read, 0); // those that were read may be gone, and others have their numbers
        notifier.Received += notification =>
        {
            if (notification.Kind is NotificationKind.SessionsRevoked or NotificationKind.Everything)
                _wakes.Writer.TryWrite(true);
        };
        while (true)
        {
            using var rest = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            rest.CancelAfter(Every);
            try
            {
                await _wakes.Reader.ReadAsync(rest.Token);
            }
            catch (OperationCanceledException)
            {
                // time for a look, or to go
            }
            if (stoppingToken.IsCancellationRequested)
                return;
            await QuietlyAsync(stoppingToken);
        }
    }

    async Task QuietlyAsync(CancellationToken ct)
    {
        try
        {
            await ReadAsync(ct);
            foreach (var (id, until) in _sessions)
                if (until < clock.Now)
                    _sessions.TryRemove(id, out _);
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
        catch (ProblemException error)
        {
            log.LogWarning(error, "Revocations could not be read");
        }
    }

    void Add(string id, Timestamp until)
    {
        if (until > clock.Now && _sessions.TryAdd(id, until))
            Revoked?.Invoke(id);
    }
}
