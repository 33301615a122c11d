using Cote.Chats;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>A node that is alive.</summary>
/// <param name="Id">A new one at each start.</param>
/// <param name="Current">Whether it is the node that answers.</param>
/// <param name="At">When it was seen: now, or up to a few seconds ago where it is another node.</param>
sealed record NodeInfo(
    string Id, bool Current, string Version, Timestamp StartedAt, Timestamp At, SlotsInfo Slots);

/// <summary>How many replies have not ended, by state.</summary>
sealed record OpenCounts(long Queued, long Running, long Waiting);

/// <summary>The installation in numbers.</summary>
/// <param name="Version">Of the program that answers.</param>
/// <param name="Engine"><c>sqlite</c> or <c>postgres</c>.</param>
/// <param name="Schema">The number of the last migration.</param>
/// <param name="Now">By the database's clock.</param>
/// <param name="DatabaseBytes">What the database takes on disk.</param>
/// <param name="Users">All accounts, those that are being erased among them; many may be a minute old.</param>
/// <param name="Admins">How many of them are admins.</param>
/// <param name="DisabledUsers">How many of them are disabled.</param>
/// <param name="Nodes">Those that are alive, the one that answers first.</param>
sealed record Overview(
    string Version, string Engine, long Schema, Timestamp Now, long DatabaseBytes, long Users, long Admins,
    long DisabledUsers, OpenCounts OpenReplies, IReadOnlyList<NodeInfo> Nodes);

/// <summary>How many accounts there are. Many are counted once a minute: that reads an index whole.</summary>
sealed class UserCount(Database db, Clock clock)
{
    /// <summary>So many are counted each time.</summary>
    public const long MostCounted = 10_000;

    static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    readonly Lock _gate = new();
    Task<long>? _count;
    long _countedAt;

    public async Task<long> CountAsync(CancellationToken ct)
    {
        var few = await db.FirstAsync(
            $"select count(*) from (select 1 from users limit {MostCounted + 1}) u", row => row.GetInt64(0), ct);
        if (few <= MostCounted)
            return few;
        Task<long> count;
        lock (_gate) // of many who ask at once one counts
        {
            if (_count is null or { IsFaulted: true } || clock.Since(_countedAt) >= KeptFor)
                (_count, _countedAt) = (CountAllAsync(), clock.Ticks);
            count = _count;
        }
        return await count.WaitAsync(ct);
    }

    async Task<long> CountAllAsync() =>
        await db.FirstAsync($"select count(*) from users", row => row.GetInt64(0), CancellationToken.None);
}

/// <summary><c>GET /admin/overview</c>: the installation in numbers.</summary>
static class GetOverview
{
    public static async Task<IResult> Handle(Database db, NodeReports reports, UserCount users, CancellationToken ct)
    {
        var nodes = await reports.ListAsync(ct);
        var count = await users.CountAsync(ct);
        var open = await db.ListAsync(
            $"select m.state, count(*) from messages m where m.state in {States.Open} group by m.state",
            row => (State: row.GetString(0), Count: row.GetInt64(1)), ct);
        var overview = await db.FirstAsync(
            $"""
            select (select cast(max(number) as bigint) from migrations), {db.Dialect.Now}, {db.Dialect.Bytes},
              (select count(*) from users where role = 'admin'),
              (select count(*) from users where disabled_at is not null)
            """,
            row => new Overview(
                nodes[0].Version, db.Dialect.Name, row.GetInt64(0), new(row.GetInt64(1)), row.GetInt64(2), count,
                row.GetInt64(3), row.GetInt64(4), new(Of(States.Queued), Of(States.Running), Of(States.Waiting)),
                [.. nodes.Select(x => new NodeInfo(x.Node, x == nodes[0], x.Version, x.StartedAt, x.At, x.Slots))]),
            ct);
        return ApiResults.Json(overview!, AccountJson.Default.Overview);

        long Of(string state) => open.FirstOrDefault(x => x.State == state).Count;
    }
}
