using Cote.Primitives;

namespace Cote.Media;

/// <summary>Files of the local disk, read and written in large blocks without a buffer of their own.</summary>
static class LocalFile
{
    public const int BlockSize = 128 * 1024;

    /// <summary>A new file to write; the path must be free.</summary>
    public static FileStream Create(string path) =>
        OwnerOnly.Open(path, new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
        });

    /// <summary>A file to read.</summary>
    public static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
}
