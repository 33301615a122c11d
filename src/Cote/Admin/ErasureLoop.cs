using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Admin;

/// <summary>Goes on with erasures that a crash cut off.</summary>
sealed class ErasureLoop(AccountStore accounts, Clock clock, ILogger<ErasureLoop> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock.Provider);
        try
        {
            do
                await RoundAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    async Task RoundAsync(CancellationToken ct)
    {
        try
        {
            foreach (var userId in await accounts.ListErasedAsync(ct))
                await accounts.RemoveAsync(userId);
        }
        catch (ProblemException error)
        {
            log.LogWarning(error, "An erased account could not be removed yet");
        }
    }
}
