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
        foreach (var (userId, day) in await calls.ListDaysAsync(ct))
        {
            ct.ThrowIfCancellationRequested();
            await calls.SettleAsync(userId, day);
        }
    }
}

/// <summary>The SQL of calls that nobody has settled.</summary>
sealed class LostCallStore(Database db)
{
    const long MostDays = 1_000;

    Sql IsOver => $"calls.until < {db.Dialect.Now}";

    /// <summary>The users who have some, and of which days, the older first.</summary>
    public Task<IReadOnlyList<(string UserId, long Day)>> ListDaysAsync(CancellationToken ct) => db.ListAsync(
        $"""
        select distinct user_id, day from calls where state <> 1 and {IsOver} order by user_id, day limit {MostDays}
        """,
        row => (row.GetString(0), row.GetInt64(1)), ct);

    /// <summary>Settles those of a user and a day: budgets count what is settled together in one window.</summary>
    public Task SettleAsync(string userId, long day)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        LostCalls.Settle(batch, userId, $"{IsOver} and calls.day = {day}");
        return db.WriteAsync(batch);
    }
}
