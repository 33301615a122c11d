using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// Finds replies without an owner: those whose notification was missed, and those that a crash left behind.
/// </summary>
sealed class IdleReplyLoop(
    ReplyScheduler scheduler, ReplyLeases leases, LeaseOptions options, DatabaseEngine engine, Clock clock,
    ILogger<IdleReplyLoop> log)
    : PeriodicLoop(options.Length / (engine.IsSingleProcess ? 3 : 7.5), clock, log)
{
    /// <summary>
    /// The pause after each chat: a start after a crash must not call the model a thousand times at once.
    /// </summary>
    internal static readonly TimeSpan SpreadEach = TimeSpan.FromMilliseconds(5);

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        foreach (var (userId, chatId) in await leases.ListIdleAsync(ct))
        {
            scheduler.Wake(userId, chatId);
            await Task.Delay(SpreadEach, Clock.Provider, ct);
        }
    }
}
