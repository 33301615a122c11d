using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Media;

/// <summary>
/// Removes what nobody names: first uploads, then blobs without uploads. Each row goes, is committed, and only then
/// the bytes are unlinked; a crash in between leaves a file that the next reconciliation finds. Several nodes may sweep
/// at once: what another has removed is removed.
/// </summary>
sealed class MediaGcLoop(
    MediaStore media, BlobStorage storage, MediaFolders folders, PartStore parts, MediaOptions options, Clock clock,
    ILogger<MediaGcLoop> log) : BackgroundService
{
    const int MostInUnit = 100;
    static readonly TimeSpan ReconcileEvery = TimeSpan.FromHours(24);
    static readonly TimeSpan SurelyCommitted = TimeSpan.FromHours(24);
    static readonly TimeSpan RememberExpired = TimeSpan.FromDays(7);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        folders.Open();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.SweepSeconds), clock.Provider);
        long? reconciled = null;
        try
        {
            do
            {
                try
                {
                    await SweepAsync(stoppingToken);
                    if (reconciled is { } at && clock.Since(at) < ReconcileEvery)
                        continue;
                    reconciled = clock.Ticks;
                    await ReconcileAsync(stoppingToken);
                }
#pragma warning disable CA1031 // the loop's top: whatever the store or the database did, the next round tries again
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    log.LogWarning(error, "What nobody names could not be removed yet");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    /// <summary>One round.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        var now = clock.Now;
        while (await media.ListExpiredUploadsAsync(now, MostInUnit, ct) is { Count: > 0 } late)
        {
            await media.CloseUploadsAsync(late);
            foreach (var (userId, id) in late)
                await parts.DeleteAsync(userId, id);
        }
        await media.ForgetUploadsAsync(now - RememberExpired);

        var before = now - TimeSpan.FromHours(options.GraceHours);
        while (await media.ListUnnamedAsync(before, MostInUnit, ct) is { Count: > 0 } unnamed)
        {
            await media.DeleteUnnamedAsync(unnamed);
            log.LogInformation("{Count} uploads that no message names were removed", unnamed.Count);
        }
        while (await media.ListOrphansAsync(MostInUnit, ct) is { Count: > 0 } orphans)
            foreach (var id in await media.DeleteOrphansAsync(orphans))
                await storage.DeleteAsync(id, ct);
    }

    // Bytes without a row: of a crash between two steps. The id of a blob says when it was made, so that one whose row is
    // about to be committed, here or on another node, is not taken for one of those.
    internal async Task ReconcileAsync(CancellationToken ct)
    {
        var before = clock.Now - SurelyCommitted;
        var old = new List<string>(MostInUnit);
        await foreach (var id in storage.ListAsync(ct))
        {
            if (MadeAt(id) < before.Milliseconds)
                old.Add(id);
            if (old.Count == MostInUnit)
                await RemoveUnknownAsync(old, ct);
        }
        await RemoveUnknownAsync(old, ct);
        await parts.ReconcileAsync(before, ct);
    }

    async Task RemoveUnknownAsync(List<string> ids, CancellationToken ct)
    {
        foreach (var id in await media.ListUnknownAsync(ids, ct))
        {
            await storage.DeleteAsync(id, ct);
            log.LogInformation("The bytes of {Blob} belonged to nothing and were removed", id);
        }
        ids.Clear();
    }

    // The first 48 bits of a UUIDv7 are Unix milliseconds. What has another name is not ours to remove.
    internal static long? MadeAt(string id) =>
        Ids.Parse(id) == id && id[14] == '7' ? Convert.ToInt64(id[..8] + id[9..13], 16) : null;
}
