using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>Writes down every minute when sessions were used, and removes what is over.</summary>
sealed class SessionMaintenanceLoop(SessionStore sessions, Audit audit, AuthOptions options, Clock clock, ILogger<SessionMaintenanceLoop> log) : BackgroundService
{
    const int TidyRows = 1_000;
    static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock.Provider);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RoundAsync();
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await RoundAsync();
    }

    async Task RoundAsync()
    {
        try
        {
            await sessions.WriteSeenAsync();
            await sessions.PurgeAsync(clock.Now, TidyRows);
            await audit.TrimAsync(clock.Now - TimeSpan.FromDays(options.AuditDays));
        }
        catch (ProblemException error)
        {
            log.LogWarning(error, "Sessions could not be tidied yet");
        }
    }
}
