using Cote.Data;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Events;

/// <summary>The durable log of what happened to each user's chats and messages.</summary>
sealed class EventLog(Database db, Feeds feeds, ILogger<EventLog> log)
{
    long _committed;

    /// <summary>The id of this database: a cursor of another one means nothing here.</summary>
    public string Epoch { get; private set; } = "";

    /// <summary>How many events were ever committed, as far as this process knows.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    /// <summary>Reads the epoch, or makes one: for a new database, and for one that was put back from a copy.</summary>
    public async Task OpenAsync(EpochFile? file, CancellationToken ct)
    {
        var (epoch, run) = (await MetaAsync("epoch", ct), await MetaAsync("run", ct));
        _committed = await db.FirstAsync($"select coalesce((select sum(seq) from heads), 0) + (select value from counters where name = 'erased_events')", row => row.GetInt64(0), ct);
        if (epoch is null || file?.IsOlderThanKnown(run, _committed) == true)
        {
            if (epoch is not null)
                log.LogWarning("The database was put back from a copy, or its epoch file was lost: clients begin again from a new epoch");
            epoch = Name();
        }
        run = Name();
        var unit = new Unit();
        foreach (var (key, value) in new[] { ("epoch", epoch), ("run", run) })
            unit.Do($"insert into meta (key, value) values ({key}, {value}) on conflict (key) do update set value = {value}");
        await db.WriteAsync(unit);
        file?.Begin(run, _committed);
        Epoch = epoch;
    }

    /// <summary>Commits changes of a user and wakes those who follow.</summary>
    public async Task<Outcome> CommitAsync(Unit unit, string userId, params IReadOnlyCollection<Change> changes)
    {
        var outcome = await db.WriteAsync(unit);
        if (outcome != Outcome.Committed || changes.Count == 0)
            return outcome;
        foreach (var change in changes)
            if (change.Happened)
                Interlocked.Add(ref _committed, change.Events);
        feeds.Wake(userId);
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
            var unit = new Unit();
            unit.Do($"update heads set tail = {tail} where user_id = {userId} and tail < {tail}");
            unit.Do($"delete from events where user_id = {userId} and seq <= {tail}");
            await db.WriteAsync(unit);
        }
    }

    /// <summary>The newest event of a user, and the newest that was trimmed.</summary>
    public Task<(long Head, long Tail)> BoundsAsync(string userId, CancellationToken ct) =>
        db.FirstAsync($"select seq, tail from heads where user_id = {userId}", row => (row.GetInt64(0), row.GetInt64(1)), ct);

    Task<string?> MetaAsync(string key, CancellationToken ct) =>
        db.FirstAsync($"select value from meta where key = {key}", row => row.GetString(0), ct);

    static string Name() =>
        new(System.Security.Cryptography.RandomNumberGenerator.GetItems<char>("0123456789abcdefghijklmnopqrstuvwxyz", 12));
}
