using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Events;

/// <summary>
/// Looks after the log each second: writes its length to the epoch file, notices a new epoch, and every ten minutes
/// deletes old events.
/// </summary>
sealed class EventRetentionLoop(
    EventLog events, EpochFile file, DatabaseEngine engine, EventsOptions options, Clock clock,
    ILogger<EventRetentionLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(1), clock, log)
{
    const int RowsPerBatch = 1_000;
    static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(10);

    long? _trimmedAt;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        WriteEpochFile();
        await RefreshAsync(ct);
        if (_trimmedAt is { } at && Clock.Since(at) < TrimEvery)
            return;
        _trimmedAt = Clock.Ticks;
        await TrimAsync(ct);
    }

    protected override Task FinishAsync()
    {
        WriteEpochFile();
        return Task.CompletedTask;
    }

    void WriteEpochFile()
    {
        if (!engine.IsSingleProcess)
            return;
        try
        {
            file.Note(events.Committed);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.EpochFileNotWritten(error);
        }
    }

    // A database can be restored under a running node, and another process can begin a new epoch.
    async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            await events.RefreshAsync(ct);
        }
        catch (ProblemException)
        {
            // The database is unreachable; every read and write reports it.
        }
    }

    async Task TrimAsync(CancellationToken ct)
    {
        try
        {
            await Slices.RunAsync(() => events.TrimAsync(
                Clock.Now - TimeSpan.FromDays(options.RetentionDays), options.RetentionEvents, RowsPerBatch, ct),
                TrimEvery, Clock, ct);
        }
        catch (ProblemException error)
        {
            Log.EventsNotTrimmed(error.Problem.Code);
        }
    }
}
