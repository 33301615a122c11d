using Cote.Media;

namespace Cote.Chats;

/// <summary>Begins imports: at once for whoever waits for the report, or stored for <see cref="ImportLoop"/>.</summary>
sealed class RunningImports(
    ImportStore imports, Importer importer, ImportLoop loop, BlobStorage storage, Clock clock) : IDisposable
{
    // An import holds one chat in memory, which may be large: what runs at once on a node is bounded.
    const int MostAtOnce = 2;

    readonly SemaphoreSlim _turns = new(MostAtOnce, MostAtOnce);

    /// <summary>
    /// Opens a file and checks it; one that is no export, or too large, throws a <see cref="ProblemException"/>.
    /// </summary>
    public async Task<ImportFile> OpenAsync(string path, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            var file = await ImportFile.OpenAsync(path, ct);
            try
            {
                await file.CheckAsync(ct);
                return file;
            }
            catch
            {
                await file.DisposeAsync();
                throw;
            }
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>
    /// Imports a file and reports; null where the user has too many unfinished imports. Cancelled, it keeps the chats
    /// that are done.
    /// </summary>
    public async Task<ImportReport?> RunAsync(
        string userId, bool isAgain, int most, ImportFile file, Func<long, Task>? progress, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            var id = clock.NewId();
            if (!await imports.AddAsync(userId, id, null, isAgain, most)
                || await imports.FindAsync(userId, id, ct) is not { } import)
                return null;
            try
            {
                if (!await importer.RunAsync(import, file, progress, ct))
                    throw new ProblemException(Problems.Busy);
                var done = await imports.FindAsync(userId, id, ct) ?? throw new ProblemException(Problems.Busy);
                return new(done.Chats, done.Messages, await imports.ListSkippedAsync(userId, id, ct));
            }
            finally
            {
                // Whatever cut it off: its chat that was not finished goes with the next round.
                await imports.DeleteAsync(import);
            }
        }
        finally
        {
            _turns.Release();
            loop.Wake();
        }
    }

    /// <summary>
    /// Stores a file for the background, where a restart does not lose it; the import's id, or null where the user has
    /// too many unfinished ones.
    /// </summary>
    public async Task<string?> StoreAsync(string userId, bool isAgain, int most, string path, CancellationToken ct)
    {
        var (id, fileId) = (clock.NewId(), clock.NewId());
        await storage.AddAsync(fileId, path, ct);
        // When this throws it is unknown whether it was committed: the file stays, and the reconciliation decides.
        if (!await imports.AddAsync(userId, id, fileId, isAgain, most))
        {
            await storage.DeleteAsync(fileId, CancellationToken.None);
            return null;
        }
        loop.Wake();
        return id;
    }

    public void Dispose() => _turns.Dispose();
}
