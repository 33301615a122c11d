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

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        while (await deletions.BlankAsync(RowsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
        while (await index.RemoveOfDeletedChatsAsync(DocumentsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
        while (await shares.PurgeAsync(Clock.Now, RowsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
        var before = Clock.Now - TimeSpan.FromDays(options.RememberDeletedDays);
        while (await deletions.ForgetAsync(before, RowsPerBatch) && !ct.IsCancellationRequested)
            await Task.Yield();
    }
}
