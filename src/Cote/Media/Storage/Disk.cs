using System.Runtime.InteropServices;
using System.Text;

namespace Cote.Media;

/// <summary>Calls of the operating system that .NET has none for.</summary>
static class Disk
{
    const int OtherFileSystem = 18; // EXDEV

    /// <summary>
    /// Moves a file in one step; false where the target is on another file system. (File.Move would copy it there,
    /// under its last name and without an fsync.)
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

    /// <summary>Whether the disk, or a quota on it, is full: ENOSPC, EDQUOT, ERROR_DISK_FULL.</summary>
    public static bool IsFull(IOException error) => (error.HResult & 0xFFFF) is 28 or 112 or 122;

    [DllImport("libc", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable IDE1006, SYSLIB1054 // libc's own name; the generator needs unsafe code
    static extern int rename(byte[] from, byte[] to);
#pragma warning restore IDE1006, SYSLIB1054
}
