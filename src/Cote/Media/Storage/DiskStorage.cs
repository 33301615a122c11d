using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Cote.Data;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// Blobs as files, spread over 256 folders by the last letters of their id: in the data directory, or in one that all
/// nodes share. What comes in is on the node's own disk, and is moved where it can be and copied where it must be.
/// </summary>
sealed class DiskStorage(MediaFolders folders) : BlobStorage
{
    const int BufferSize = 128 * 1024;
    const string Unfinished = ".part";

    public override async Task AddAsync(string id, string file, CancellationToken ct)
    {
        var path = PathOf(id);
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                Disk.SyncFolder(folders.Blobs);
            }
            if (!Disk.TryMove(file, path))
                await CopyAsync(file, path, ct);
            Disk.SyncFolder(folder);
        }
        catch (IOException error) when (Disk.IsFull(error))
        {
            throw new ProblemException(Problems.DiskFull, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ProblemException(Problems.StorageUnavailable, error); // a shared folder is away
        }
    }

    public override Task<Stream> OpenAsync(string id, long offset, CancellationToken ct)
    {
        // A reader must not stand in the way of the unlink: what is open stays readable to its end.
        var stream = new FileStream(PathOf(id), new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.Read | FileShare.Delete,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            BufferSize = 0,
        });
        stream.Position = offset;
        return Task.FromResult<Stream>(stream);
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
            // nothing was ever kept in its folder
        }
        return Task.CompletedTask;
    }

    public override async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        foreach (var file in Directory.EnumerateFiles(folders.Blobs, "*", SearchOption.AllDirectories))
        {
            ct.ThrowIfCancellationRequested();
            yield return Path.GetFileName(file.EndsWith(Unfinished, StringComparison.Ordinal) ? file[..^Unfinished.Length] : file);
        }
    }

    // To another file system nothing can be moved in one step: under its own name a blob stands only when it is whole and
    // on disk. What a crash leaves has the id of its blob, and the reconciliation finds it.
    static async Task CopyAsync(string file, string path, CancellationToken ct)
    {
        var unfinished = path + Unfinished;
        try
        {
            await using (var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true))
            await using (var to = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                await from.CopyToAsync(to, BufferSize, ct);
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

/// <summary>The folders of the media: what is kept may lie on a disk that nodes share, what comes in lies on the node's own.</summary>
sealed class MediaFolders(DataOptions data, MediaOptions options)
{
    readonly string _own = Path.Combine(data.Directory, "media");

    /// <summary>What is kept.</summary>
    public string Blobs => Path.Combine(string.IsNullOrEmpty(options.Directory) ? _own : options.Directory, "blobs");

    /// <summary>What is coming in; nothing in it outlives the process.</summary>
    public string Incoming => Path.Combine(_own, "incoming");

    /// <summary>Uploads that come in pieces, where they are kept on disk.</summary>
    public string Resumable => Path.Combine(_own, "resumable");

    /// <summary>Makes them, and removes what a crash left half-way in. Called before the first request.</summary>
    public void Open()
    {
        try
        {
            foreach (var folder in new[] { Incoming, Resumable, Blobs })
                Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The folders of the media, {Path.GetFullPath(_own)} and {Path.GetFullPath(Blobs)} (Cote__Media__Directory), cannot be made: {error.Message}",
                error);
        }
        foreach (var file in Directory.EnumerateFiles(Incoming)) // the data directory is this process's alone
            File.Delete(file);
    }
}

/// <summary>What .NET has no call for.</summary>
static class Disk
{
    const int OtherFileSystem = 18; // EXDEV

    /// <summary>
    /// A file's fsync does not cover its name: the folder that it was moved into is synced too, else a power cut may
    /// lose a file whose row is committed. Windows and file systems that know no such thing are passed over.
    /// </summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var handle = open(Encoding.UTF8.GetBytes(folder + '\0'), 0);
        if (handle < 0)
            return;
        _ = fsync(handle);
        _ = close(handle);
    }

    /// <summary>
    /// Moves a file in one step; false where that cannot be, because the target is on another file system. (File.Move would
    /// copy it there, under its last name and without an fsync.)
    /// </summary>
    public static bool TryMove(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            if (Path.GetPathRoot(Path.GetFullPath(from)) != Path.GetPathRoot(Path.GetFullPath(to)))
                return false;
            File.Move(from, to);
            return true;
        }
        if (rename(Encoding.UTF8.GetBytes(from + '\0'), Encoding.UTF8.GetBytes(to + '\0')) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == OtherFileSystem ? false
            : throw new IOException($"{to} could not be written: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    public static bool IsFull(IOException error) => (error.HResult & 0xFFFF) is 28 or 112 or 122; // ENOSPC, and Windows' and quota's words for it

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable IDE1006, SYSLIB1054 // libc's own names; the generator would need unsafe code for four calls
    static extern int open(byte[] path, int flags);

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int fsync(int handle);

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int close(int handle);

    [DllImport("libc", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int rename(byte[] from, byte[] to);
#pragma warning restore IDE1006, SYSLIB1054
}
