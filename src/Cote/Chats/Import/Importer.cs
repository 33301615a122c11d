using Cote.Cluster;
using Cote.Models;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>Imports a file, chat by chat: whoever has it, a request, the background or the command line.</summary>
sealed class Importer(
    ImportStore imports, ImportedChatStore chats, ImportedMedia media, ModelCatalogue models, ToolsOptions tools,
    DatabaseEngine engine, Clock clock)
{
    static readonly TimeSpan Remember = TimeSpan.FromDays(30);
    static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    readonly PartBounds _bounds = new(tools);

    const int RowsPerBatch = 1_000;
    const int SkipsPerBatch = 500;

    /// <summary>
    /// Imports the items that are not done yet, and returns true; false where another node has taken the import, or its
    /// account is gone. What it throws leaves the chats that are done, and nothing of the one that is not.
    /// </summary>
    /// <param name="import">A running import of this node.</param>
    /// <param name="file">The file, checked.</param>
    /// <param name="progress">Called after each item with the number of those done.</param>
    /// <param name="ct">Cancelled when the import must stop.</param>
    public async Task<bool> RunAsync(Import import, ImportFile file, Func<long, Task>? progress, CancellationToken ct)
    {
        await RemoveUnfinishedAsync(import);
        await using var lease = new Renewal(imports, import, clock);
        var skipped = new List<SkippedItem>();
        var next = import.NextItem;
        await foreach (var item in file.ReadAsync(ct))
        {
            if (item.Place < import.NextItem)
                continue;
            next = item.Place + 1;
            if (!await AddAsync(import, file, item, skipped, ct))
                return false;
            if (skipped.Count >= SkipsPerBatch && !await NoteAsync(import, next, skipped))
                return false;
            if (progress is not null)
                await progress(next);
        }
        return await NoteAsync(import, next, skipped);
    }

    /// <summary>Forgets imports that are over, and removes what those left whose process is gone.</summary>
    public async Task CleanAsync()
    {
        if (engine.IsSingleProcess)
            await imports.VoidAllAsync();
        await imports.ForgetAsync(clock.Now - Remember);
        await RemoveUnfinishedAsync(null);
    }

    // What an import has written of a chat that it did not finish.
    async Task RemoveUnfinishedAsync(Import? import)
    {
        while (await chats.RemoveUnfinishedAsync(import, RowsPerBatch))
            await Task.Yield();
    }

    // An unfinished chat is finished, or removed as soon as nobody is at it any more.
    async Task<string?> FindReasonAsync(string userId, string chatId, CancellationToken ct)
    {
        for (var looks = 1; ; looks++)
        {
            var (reason, isUnfinished) = await chats.FindReasonAsync(userId, chatId, ct);
            if (!isUnfinished)
                return reason;
            if (looks > 1)
                await Task.Delay(LookAgainAfter, clock.Provider, ct);
            await CleanAsync();
        }
    }

    async Task<bool> NoteAsync(Import import, long next, List<SkippedItem> skipped)
    {
        var isHeld = await imports.NoteAsync(import, next, skipped);
        skipped.Clear();
        return isHeld;
    }

    // False where the import is lost. What is skipped is noted with the next chat.
    async Task<bool> AddAsync(
        Import import, ImportFile file, ImportItem item, List<SkippedItem> skipped, CancellationToken ct)
    {
        var (chat, reason) = ExportFormats.Read(item.Json, item.Header, _bounds);
        var ids = chat is null ? null : new ImportedIds(chat, import);
        reason ??= await FindReasonAsync(import.UserId, ids!.OfChat, ct);
        var tree = reason is null ? ImportedTree.Of(chat!, import.CreatedAt) : null;
        reason ??= tree!.Messages.Count switch
        {
            0 => tree.Reason ?? SkipReasons.Empty,
            > ImportLimits.MessagesOfChat => SkipReasons.TooManyMessages,
            _ => null,
        };
        if (reason is not null)
        {
            skipped.Add(new(item.Place, reason));
            return true;
        }
        if (tree!.Reason is { } lost)
            skipped.Add(new(item.Place, lost));
        var kept = await media.KeepAsync(import.UserId, file, tree.Messages, ct);
        chat = chat! with { Model = chat.Model is { } model ? models.Resolve(model) : null };
        var rows = ImportedRows.Of(ids!, chat, tree, kept, import, item.Place);
        ct.ThrowIfCancellationRequested(); // a chat that is begun is finished
        var result = await chats.AddAsync(import, rows, item.Place, skipped);
        if (result == AddChatResult.Taken)
        {
            await RemoveUnfinishedAsync(import);
            skipped.RemoveAll(x => x.Item == item.Place);
            skipped.Add(new(item.Place, SkipReasons.Exists));
        }
        else
            skipped.Clear();
        return result != AddChatResult.Lost;
    }

    /// <summary>Renews the lease of an import while it runs.</summary>
    sealed class Renewal : IAsyncDisposable
    {
        readonly CancellationTokenSource _end = new();
        readonly Task _task;

        public Renewal(ImportStore imports, Import import, Clock clock) =>
            _task = RunAsync(imports, import, clock, _end.Token);

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _task;
            _end.Dispose();
        }

        static async Task RunAsync(ImportStore imports, Import import, Clock clock, CancellationToken ct)
        {
            using var timer = new PeriodicTimer(imports.RenewEvery, clock.Provider);
            while (!ct.IsCancellationRequested)
                try
                {
                    while (await timer.WaitForNextTickAsync(ct))
                        await imports.RenewAsync(import);
                }
                catch (OperationCanceledException) when (ct.IsCancellationRequested)
                {
                    return;
                }
                catch (ProblemException)
                {
                    // The database is away; the next renewal finds out whose the import is.
                }
        }
    }
}
