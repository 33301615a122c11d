using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Events;

/// <summary>Keeps the log in order in the background: notes every second how far it has come, trims what is old.</summary>
sealed class EventRetentionLoop(
    EventLog events, EpochFile file, Data.DatabaseEngine engine, EventsOptions options, Clock clock, ILogger<EventRetentionLoop> log) : BackgroundService
{
    const int TrimRows = 1_000;
    static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock.Provider);
        long? trimmed = null;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Note();
                await RefreshAsync(stoppingToken);
                if (trimmed is { } at && clock.Since(at) < TrimEvery)
                    continue;
                trimmed = clock.Ticks;
                await TrimAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Note();
    }

    void Note()
    {
        if (!engine.IsSingleProcess)
            return;
        try
        {
            file.Note(events.Committed);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            log.LogWarning(error, "The epoch file could not be written");
        }
    }

    // Where the database can be put back under a node that runs, or another process can begin a new epoch.
    async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            await events.RefreshAsync(ct);
        }
        catch (ProblemException)
        {
            // it is away, and whoever reads or writes says so
        }
    }

    async Task TrimAsync(CancellationToken ct)
    {
        try
        {
            await events.TrimAsync(clock.Now - TimeSpan.FromDays(options.RetentionDays), options.RetentionEvents, TrimRows, ct);
        }
        catch (ProblemException error)
        {
            log.LogWarning(error, "Old events could not be trimmed yet");
        }
    }
}
