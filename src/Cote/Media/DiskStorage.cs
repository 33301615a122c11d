using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Cote.Media;

/// <summary>Blobs as files below the data directory, spread over 256 folders by the last letters of their id.</summary>
sealed class DiskStorage(MediaFolders folders) : BlobStorage
{
    public override Task AddAsync(string id, string file, CancellationToken ct)
    {
        var path = PathOf(id);
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            Disk.SyncFolder(folders.Blobs);
        }
        File.Move(file, path);
        Disk.SyncFolder(folder);
        return Task.CompletedTask;
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
            yield return Path.GetFileName(file);
        }
    }

    string PathOf(string id) => Path.Combine(folders.Blobs, id[^2..], id);
}

/// <summary>The folders of the media below the data directory.</summary>
sealed class MediaFolders(Data.DataOptions data)
{
    /// <summary>What is kept.</summary>
    public string Blobs { get; } = Path.Combine(data.Directory, "media", "blobs");

    /// <summary>What is coming in; nothing in it outlives the process.</summary>
    public string Incoming { get; } = Path.Combine(data.Directory, "media", "incoming");

    /// <summary>Uploads that come in pieces.</summary>
    public string Resumable { get; } = Path.Combine(data.Directory, "media", "resumable");

    /// <summary>Makes them, and removes what a crash left half-way in. Called before the first request.</summary>
    public void Open()
    {
        foreach (var folder in new[] { Blobs, Incoming, Resumable })
            Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(Incoming))
            File.Delete(file);
    }
}

/// <summary>What .NET has no call for.</summary>
static class Disk
{
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

    public static bool IsFull(IOException error) => (error.HResult & 0xFFFF) is 28 or 112 or 122; // ENOSPC, and Windows' and quota's words for it

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable IDE1006, SYSLIB1054 // libc's own names; the generator would need unsafe code for three calls
    static extern int open(byte[] path, int flags);

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int fsync(int handle);

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int close(int handle);
#pragma warning restore IDE1006, SYSLIB1054
}
