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
    static readonly TimeSpan OneMore = TimeSpan.FromMilliseconds(1);
    static readonly TimeSpan ReconcileEvery = TimeSpan.FromHours(24);
    static readonly TimeSpan SurelyCommitted = TimeSpan.FromHours(24);
    static readonly TimeSpan RememberExpired = TimeSpan.FromDays(7);

    readonly Clock _clock = clock;
    readonly ILogger _log = log;
    long? _reconciledAt;
    Timestamp _uploadsTo = new(0);
    string _blobsTo = "";

    protected override bool RunsAtStart => true;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        folders.Open();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        await CloseExpiredAsync(ct);
        await Slices.RunAsync(() => SweepUploadsAsync(isWhole: false, ct), Interval, _clock, ct);
        await Slices.RunAsync(() => SweepBlobsAsync(isWhole: false, ct), Interval, _clock, ct);
        if (_reconciledAt is { } at && _clock.Since(at) < ReconcileEvery)
            return;
        _reconciledAt = _clock.Ticks;
        await ReconcileAsync(ct);
    }

    /// <summary>One sweep of all there is.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        await CloseExpiredAsync(ct);
        await SweepUploadsAsync(isWhole: true, ct);
        await SweepBlobsAsync(isWhole: true, ct);
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

    /// <summary>Deletes unreferenced uploads, of all there are or of the next slice; false where that was the last.
    /// </summary>
    internal async Task<bool> SweepUploadsAsync(bool isWhole, CancellationToken ct)
    {
        var before = _clock.Now - TimeSpan.FromHours(options.GraceHours);
        var uploadsTo = isWhole ? null : await media.EndOfUploadsAsync(_uploadsTo, ct);
        var first = isWhole ? new(0) : _uploadsTo;
        Timestamp? last = uploadsTo < before ? uploadsTo : null;
        while (await media.ListUnreferencedAsync(first, last + OneMore ?? before, MostInBatch, ct)
            is { Count: > 0 } unreferenced)
        {
            await media.DeleteUnreferencedAsync(unreferenced);
            _log.UploadsSwept(unreferenced.Count);
        }
        if (!isWhole)
            _uploadsTo = last ?? new(0);
        return last is not null;
    }

    /// <summary>Deletes blobs without an upload, of all there are or of the next slice; false where that was the last.
    /// </summary>
    internal async Task<bool> SweepBlobsAsync(bool isWhole, CancellationToken ct)
    {
        var blobsTo = isWhole ? null : await media.EndOfBlobsAsync(_blobsTo, ct);
        while (await media.ListOrphansAsync(isWhole ? "" : _blobsTo, blobsTo, MostInBatch, ct)
            is { Count: > 0 } orphans)
            foreach (var id in await media.DeleteOrphansAsync(orphans))
                await storage.DeleteAsync(id, ct);
        if (!isWhole)
            _blobsTo = blobsTo ?? "";
        return blobsTo is not null;
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
