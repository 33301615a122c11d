using Cote.Media;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>
/// Imports stored files one after the other, also those of a node that is gone, and removes what ended imports left.
/// </summary>
sealed class ImportLoop(
    ImportStore imports, Importer importer, BlobStorage storage, MediaFolders folders, Clock clock,
    ILogger<ImportLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(5), clock, log)
{
    const int MostAttempts = 5;

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        await importer.CleanAsync();
        while (await imports.ClaimAsync(ct) is { } import)
            await RunAsync(import, ct);
    }

    async Task RunAsync(Import import, CancellationToken ct)
    {
        if (import.Attempts > MostAttempts)
        {
            await EndAsync(import, Problems.Internal);
            return;
        }
        var path = Path.Combine(folders.Incoming, Clock.NewId());
        try
        {
            await CopyAsync(import.FileId!, path, ct);
            await using var file = await ImportFile.OpenAsync(path, ct);
            if (await importer.RunAsync(import, file, null, ct))
                await EndAsync(import, null);
        }
        catch (FileNotFoundException)
        {
            await EndAsync(import, Problems.StorageUnavailable);
        }
        catch (ProblemException error) when (error.Problem.Status < 500)
        {
            await EndAsync(import, error.Problem);
        }
        catch (Exception error) when (error is ProblemException or OperationCanceledException)
        {
            await imports.HandOverAsync(import);
            throw;
        }
        finally
        {
            File.Delete(path);
        }
    }

    // The row goes first: a file without one is deleted by the daily reconciliation.
    async Task EndAsync(Import import, Problem? problem)
    {
        await imports.EndAsync(import, problem);
        if (problem is null)
            Log.ImportDone(import.Id);
        else
            Log.ImportFailed(import.Id, problem.Code);
        await storage.DeleteAsync(import.FileId!, CancellationToken.None);
    }

    async Task CopyAsync(string blob, string path, CancellationToken ct)
    {
        await using var from = await storage.OpenAsync(blob, 0, ct);
        await using var to = LocalFile.Create(path);
        await from.CopyToAsync(to, LocalFile.BlockSize, ct);
    }
}
