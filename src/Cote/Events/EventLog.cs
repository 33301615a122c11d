using Cote.Data;
using Cote.Primitives;

namespace Cote.Events;

/// <summary>The durable log of what happened to each user's chats and messages.</summary>
sealed class EventLog(Database db, Feeds feeds)
{
    /// <summary>The id of this database: a cursor of another one means nothing here.</summary>
    public string Epoch { get; private set; } = "";

    public async Task OpenAsync(CancellationToken ct)
    {
        const string alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
        var made = new string(System.Security.Cryptography.RandomNumberGenerator.GetItems<char>(alphabet, 12));
        var unit = new Unit();
        unit.Do($"insert into meta (key, value) values ('epoch', {made}) on conflict (key) do nothing");
        var epoch = unit.Fetch($"select value from meta where key = 'epoch'", row => row.GetString(0));
        await db.WriteAsync(unit);
        ct.ThrowIfCancellationRequested();
        Epoch = epoch.First!;
    }

    /// <summary>Commits a unit and wakes those who follow its users.</summary>
    public async Task<Outcome> CommitAsync(Unit unit, params IReadOnlyCollection<string> userIds)
    {
        var outcome = await db.WriteAsync(unit);
        if (outcome == Outcome.Committed)
            foreach (var userId in userIds)
                feeds.Wake(userId);
        return outcome;
    }

    /// <summary>The newest event of a user, and the oldest that is still kept (newest + 1 where none is).</summary>
    public async Task<(long Head, long Oldest)> BoundsAsync(string userId, CancellationToken ct) =>
        await db.FirstAsync(
            $"""
            select h.seq, coalesce((select e.seq from events e where e.user_id = h.user_id order by e.seq limit 1), h.seq + 1)
            from heads h where h.user_id = {userId}
            """,
            row => (row.GetInt64(0), row.GetInt64(1)), ct);
}
