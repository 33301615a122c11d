using Cote.Chats;
using Cote.Events;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>Settles calls whose time is over and that nobody has settled: their node is gone.</summary>
sealed class LostCallLoop(LostCallStore calls, Clock clock, ILogger<LostCallLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(1), clock, log)
{
    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        foreach (var userId in await calls.ListUsersAsync(ct))
        {
            ct.ThrowIfCancellationRequested();
            await calls.SettleAsync(userId);
        }
    }
}

/// <summary>The SQL of calls that nobody has settled.</summary>
sealed class LostCallStore(Database db)
{
    const long MostUsers = 1_000;

    Sql IsOver => $"calls.until < {db.Dialect.Now}";

    /// <summary>The users who have some.</summary>
    public Task<IReadOnlyList<string>> ListUsersAsync(CancellationToken ct) => db.ListAsync(
        $"select distinct user_id from calls where state <> 1 and {IsOver} limit {MostUsers}",
        row => row.GetString(0), ct);

    /// <summary>Settles those of a user.</summary>
    public Task SettleAsync(string userId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        LostCalls.Settle(batch, userId, IsOver);
        return db.WriteAsync(batch);
    }
}
