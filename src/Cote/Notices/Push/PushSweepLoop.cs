using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>
/// Removes pushes that nobody sends any more, whether this server pushes or not, and what is too much.
/// </summary>
sealed class PushSweepLoop(PushOutbox outbox, Clock clock, ILogger<PushSweepLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(1), clock, log)
{
    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (await outbox.SweepAsync(PushOutbox.MostWaiting, ct) is > 0 and var dropped)
            Log.PushesDropped(dropped);
    }
}
