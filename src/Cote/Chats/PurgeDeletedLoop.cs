using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>
/// Removes in the background what was deleted, a little at a time: a big deletion must not hold the writer.
/// </summary>
sealed class PurgeDeletedLoop(
    DeletionStore deletions, SearchIndex index, ShareStore shares, MessagesOptions options, Clock clock,
    ILogger<PurgeDeletedLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(10), clock, log)
{
    const int RowsPerBatch = 1_000;
    const int DocumentsPerBatch = 8; // each leaves its place under every one of its terms

    // The row of a deleted chat stays: one whose content is gone is looked at again once a day only, and after a start.
    // The clocks of the nodes differ by less than the overlap.
    static readonly TimeSpan WholeEvery = TimeSpan.FromHours(24);
    static readonly TimeSpan Overlap = TimeSpan.FromHours(1);

    long? _wholeAt;
    Timestamp _doneTo = new(0);

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        var began = Clock.Now;
        var isWhole = _wholeAt is not { } at || Clock.Since(at) >= WholeEvery;
        await PurgeAsync(isWhole ? new(0) : _doneTo, ct);
        if (ct.IsCancellationRequested)
            return;
        _doneTo = began - Overlap;
        if (isWhole)
            _wholeAt = Clock.Ticks;
    }

    async Task PurgeAsync(Timestamp since, CancellationToken ct)
    {
        while (await deletions.BlankAsync(since, RowsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
        while (await index.RemoveOfDeletedChatsAsync(since, DocumentsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
        while (await shares.PurgeAsync(Clock.Now, RowsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
        var before = Clock.Now - TimeSpan.FromDays(options.RememberDeletedDays);
        while (await deletions.ForgetAsync(before, RowsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
    }
}
