using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Admin;

/// <summary>Finishes erasures that a crash cut off.</summary>
sealed class ErasureLoop(AccountStore accounts, Clock clock, ILogger<ErasureLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(10), clock, log)
{
    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        foreach (var userId in await accounts.ListErasedAsync(ct))
            await accounts.RemoveAsync(userId);
    }
}
