using System.Runtime.CompilerServices;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// Blobs as files, spread over 256 folders by the last two characters of their id: in the data directory, or in a
/// directory that all nodes share. A finished upload is moved there, or copied where the directory is on another file
/// system.
/// </summary>
sealed class DiskStorage(MediaFolders folders) : BlobStorage
{
    const string Unfinished = ".part";

    // A reader does not block a delete: an open file stays readable to its end.
    static readonly FileStreamOptions Reading = new()
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.Read | FileShare.Delete,
        Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
        BufferSize = 0,
    };

    public override async Task AddAsync(string id, string file, CancellationToken ct)
    {
        var path = PathOf(id);
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            if (!Directory.Exists(folder))
            {
                OwnerOnly.CreateFolder(folder);
                AtomicFile.SyncFolder(folders.Blobs);
            }
            if (!Disk.TryMove(file, path))
                await CopyAsync(file, path, ct);
            AtomicFile.SyncFolder(folder);
        }
        catch (IOException error) when (Disk.IsFull(error))
        {
            throw new ProblemException(Problems.DiskFull, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ProblemException(Problems.StorageUnavailable, error); // a shared directory cannot be reached
        }
    }

    public override Task<Stream> OpenAsync(string id, long offset, CancellationToken ct)
    {
        try
        {
            var stream = new FileStream(PathOf(id), Reading) { Position = offset };
            return Task.FromResult<Stream>(stream);
        }
        catch (DirectoryNotFoundException error)
        {
            throw new FileNotFoundException($"There is no blob {id}", error);
        }
    }

    public override Task DeleteAsync(string id, CancellationToken ct)
    {
        try
        {
            File.Delete(PathOf(id));
            File.Delete(PathOf(id) + Unfinished);
        }
        catch (DirectoryNotFoundException)
        {
            // no blob was ever added to its folder
        }
        return Task.CompletedTask;
    }

    public override async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        foreach (var file in Directory.EnumerateFiles(folders.Blobs, "*", SearchOption.AllDirectories))
        {
            ct.ThrowIfCancellationRequested();
            var isUnfinished = file.EndsWith(Unfinished, StringComparison.Ordinal);
            yield return Path.GetFileName(isUnfinished ? file[..^Unfinished.Length] : file);
        }
    }

    // A move to another file system is no single step: a blob gets its own name once it is whole and synced. A copy
    // that a crash leaves has the id of its blob in its name, so the reconciliation finds it.
    static async Task CopyAsync(string file, string path, CancellationToken ct)
    {
        var unfinished = path + Unfinished;
        try
        {
            await using (var from = LocalFile.Open(file))
            await using (var to = LocalFile.Create(unfinished))
            {
                await from.CopyToAsync(to, LocalFile.BlockSize, ct);
                to.Flush(flushToDisk: true);
            }
            File.Move(unfinished, path);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    string PathOf(string id) => Path.Combine(folders.Blobs, id[^2..], id);
}
