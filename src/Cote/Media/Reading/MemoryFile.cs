using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Cote.Media.Reading;

/// <summary>
/// Bytes as a file without a place on any disk (memfd_create of Linux), for a library that reads paths only.
/// </summary>
sealed class MemoryFile : IDisposable
{
    const uint CloseOnExec = 1;

    static (byte[] Bytes, MemoryFile File)? _prepared;

    readonly SafeFileHandle _handle;

    /// <summary>
    /// Makes the file of these bytes for <see cref="Of"/>: in the <see cref="Sandbox"/> nothing can be written.
    /// </summary>
    public static void Prepare(byte[] bytes) => _prepared = (bytes, new(bytes));

    /// <summary>The file that was prepared of these bytes, else a new one.</summary>
    public static MemoryFile Of(byte[] bytes) =>
        _prepared is { } known && ReferenceEquals(known.Bytes, bytes) ? known.File : new(bytes);

    MemoryFile(ReadOnlySpan<byte> bytes)
    {
        var number = memfd_create("picture\0"u8.ToArray(), CloseOnExec);
        if (number < 0)
            throw new InvalidOperationException($"The system gives no memory file: {Marshal.GetLastPInvokeError()}.");
        _handle = new SafeFileHandle(number, ownsHandle: true);
        RandomAccess.Write(_handle, bytes, 0);
    }

    public string Path => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    public void Dispose() => _handle.Dispose();

#pragma warning disable IDE1006, SYSLIB1054 // libc's own name; the generator would need unsafe code for one call
    [DllImport("libc", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int memfd_create(byte[] name, uint flags);
#pragma warning restore IDE1006, SYSLIB1054
}
