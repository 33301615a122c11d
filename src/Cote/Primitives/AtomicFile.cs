using System.Runtime.InteropServices;
using System.Text;

namespace Cote.Primitives;

/// <summary>Replaces a small file as a whole: a reader finds the old content or the new one, never a part.</summary>
static class AtomicFile
{
    /// <summary>
    /// Writes the content beside the file, with mode 0600, and moves it into place. With <paramref name="toDisk"/> the
    /// content and its name are on disk when it returns; without, a power cut may bring the old file back.
    /// </summary>
    public static void Write(string path, ReadOnlySpan<byte> content, bool toDisk = true)
    {
        var aside = path + ".new";
        File.Delete(aside); // of a process that was killed: its mode may be another
        using (var stream = OwnerOnly.Open(aside, FileMode.CreateNew, FileAccess.Write))
        {
            stream.Write(content);
            stream.Flush(toDisk);
        }
        File.Move(aside, path, overwrite: true);
        if (toDisk)
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>
    /// Syncs a folder. A file's fsync does not cover its name: without this a power cut may lose a file that was moved
    /// or created in it. On Windows, and on file systems that cannot do it, it does nothing.
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

#pragma warning disable IDE1006, SYSLIB1054 // libc's own names; the generator would need unsafe code for three calls
    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int open(byte[] path, int flags);

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int fsync(int handle);

    [DllImport("libc", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int close(int handle);
#pragma warning restore IDE1006, SYSLIB1054
}
