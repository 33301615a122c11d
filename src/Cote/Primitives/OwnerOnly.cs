namespace Cote.Primitives;

/// <summary>
/// Files and folders that other users of the machine cannot read: whoever reads the data directory reads every chat. On
/// Windows the access rights of the folder above apply.
/// </summary>
static class OwnerOnly
{
    const UnixFileMode File600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    const UnixFileMode Folder700 = File600 | UnixFileMode.UserExecute;

    /// <summary>Opens a file; one that it creates has mode 0600.</summary>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share = FileShare.None) =>
        Open(path, new() { Mode = mode, Access = access, Share = share });

    /// <inheritdoc cref="Open(string, FileMode, FileAccess, FileShare)"/>
    public static FileStream Open(string path, FileStreamOptions options)
    {
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = File600;
        return new(path, options);
    }

    /// <summary>
    /// Creates a file that no name leads to: its bytes are gone with the stream, however the process ends.
    /// </summary>
    public static FileStream OpenUnnamed(string folder)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName());
        var file = Open(path, new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            BufferSize = 0, // what could not be written must not be tried again when the file is closed
            Options = FileOptions.Asynchronous
                | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None),
        });
        if (!OperatingSystem.IsWindows())
            File.Delete(path); // what is open stays
        return file;
    }

    /// <summary>Creates an empty file with mode 0600 where there is none.</summary>
    public static void CreateFile(string path)
    {
        if (!File.Exists(path))
            Open(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
    }

    /// <summary>Creates a folder with mode 0700 where there is none, and so those above it.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }
        // Those above it would be made along with it, but with the mode of any folder.
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } above && !Directory.Exists(above))
            CreateFolder(above);
        Directory.CreateDirectory(path, Folder700);
    }

    /// <summary>
    /// Takes the rights of group and others from a file or folder. Throws <see cref="UnauthorizedAccessException"/> or
    /// <see cref="IOException"/> where they cannot be taken; without such rights it does nothing.
    /// </summary>
    public static void Restrict(FileSystemInfo entry)
    {
        if (OperatingSystem.IsWindows() || entry.LinkTarget is not null) // chmod would follow a link out of the folder
            return;
        if (entry.UnixFileMode is var mode && (mode & ~Folder700) != 0)
            entry.UnixFileMode = mode & Folder700;
    }
}
