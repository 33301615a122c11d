using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Media;

/// <summary>
/// Deletes uploads that no message references, and then blobs without an upload. Each row is deleted, committed, and
/// only then the bytes go; a crash in between leaves bytes that the next reconciliation finds. Several nodes may sweep
/// at once.
/// </summary>
sealed class MediaGcLoop(
    MediaStore media, UploadStore uploads, BlobStorage storage, MediaFolders folders, PartStore parts,
    MediaOptions options, Clock clock, ILogger<MediaGcLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(options.SweepSeconds), clock, log)
{
    const int MostInBatch = 100;
    static readonly TimeSpan ReconcileEvery = TimeSpan.FromHours(24);
    static readonly TimeSpan SurelyCommitted = TimeSpan.FromHours(24);
    static readonly TimeSpan RememberExpired = TimeSpan.FromDays(7);

    readonly Clock _clock = clock;
    readonly ILogger _log = log;
    long? _reconciledAt;
    Timestamp? _uploadsTo; // Where the next slice begins.
    string? _blobsTo;

    protected override bool RunsAtStart => true;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        folders.Open();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        await CloseExpiredAsync(ct);
        await Slices.RunAsync(
            async () => (_uploadsTo = await SweepUploadsAsync(_uploadsTo, ct)) is not null, Interval, _clock, ct);
        await Slices.RunAsync(
            async () => (_blobsTo = await SweepBlobsAsync(_blobsTo, ct)) is not null, Interval, _clock, ct);
        if (_reconciledAt is { } at && _clock.Since(at) < ReconcileEvery)
            return;
        _reconciledAt = _clock.Ticks;
        await ReconcileAsync(ct);
    }

    /// <summary>One sweep of all there is.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        await CloseExpiredAsync(ct);
        for (var at = await SweepUploadsAsync(null, ct); at is not null;)
            at = await SweepUploadsAsync(at, ct);
        for (var at = await SweepBlobsAsync(null, ct); at is not null;)
            at = await SweepBlobsAsync(at, ct);
    }

    async Task CloseExpiredAsync(CancellationToken ct)
    {
        var now = _clock.Now;
        while (await uploads.ListExpiredAsync(now, MostInBatch, ct) is { Count: > 0 } expired)
        {
            await uploads.CloseAsync(expired);
            foreach (var (userId, id) in expired)
                await parts.DeleteAsync(userId, id);
        }
        await uploads.ForgetAsync(now - RememberExpired);
    }

    /// <summary>
    /// Deletes what no message references of the slice of uploads after a moment; null is the first slice. Returns
    /// where the next one begins; null where this was the last.
    /// </summary>
    internal async Task<Timestamp?> SweepUploadsAsync(Timestamp? from, CancellationToken ct)
    {
        var (after, newest) = (from ?? new(0), _clock.Now - TimeSpan.FromHours(options.GraceHours));
        var end = await media.EndOfUploadsAsync(after, ct);
        Timestamp? last = end < newest ? end : null;
        while (await media.ListUnreferencedAsync(after, last ?? newest, MostInBatch, ct)
            is { Count: > 0 } unreferenced)
        {
            await media.DeleteUnreferencedAsync(unreferenced);
            _log.UploadsSwept(unreferenced.Count);
        }
        return last;
    }

    /// <summary>The same of blobs, by their ids, that neither an upload nor a form of one refers to.</summary>
    internal async Task<string?> SweepBlobsAsync(string? from, CancellationToken ct)
    {
        var after = from ?? "";
        var last = await media.EndOfBlobsAsync(after, ct);
        while (await media.ListOrphansAsync(after, last, MostInBatch, ct) is { Count: > 0 } orphans)
            foreach (var id in await media.DeleteOrphansAsync(orphans))
                await storage.DeleteAsync(id, ct);
        return last;
    }

    // A crash between two steps leaves bytes without a row. The id of a blob says when it was made: a blob whose row
    // is about to be committed, here or on another node, is too young to be deleted. One that was made before a restore
    // may be an upload of the server that the backup was made of, where both use one storage.
    internal async Task ReconcileAsync(CancellationToken ct)
    {
        var before = _clock.Now - SurelyCommitted;
        var kept = await media.KeptBeforeAsync(ct);
        var old = new List<string>(MostInBatch);
        await foreach (var id in storage.ListAsync(ct))
        {
            if (MadeAt(id) is { } at && at >= kept && at < before.Milliseconds)
                old.Add(id);
            if (old.Count == MostInBatch)
                await DeleteUnknownAsync(old, ct);
        }
        await DeleteUnknownAsync(old, ct);
        await parts.ReconcileAsync(before, ct);
    }

    async Task DeleteUnknownAsync(List<string> ids, CancellationToken ct)
    {
        foreach (var id in await media.ListUnknownAsync(ids, ct))
        {
            await storage.DeleteAsync(id, ct);
            _log.BlobReconciled(id);
        }
        ids.Clear();
    }

    // The first 48 bits of a UUIDv7 are Unix milliseconds. A file of another name is not Cote's to delete.
    internal static long? MadeAt(string id) =>
        Ids.Parse(id) == id && id[14] == '7' ? Convert.ToInt64(id[..8] + id[9..13], 16) : null;
}
