using Cote.Primitives;

namespace Cote.Data;

/// <summary>
/// The data directory: its owner's alone, and one process's at a time. Two on one embedded database would each believe
/// that its leases and its counters are alone; two nodes on one folder would clear away each other's uploads.
/// </summary>
sealed class DataFolder(DataOptions options) : IDisposable
{
    FileStream? _lock;

    /// <summary>Makes it where it is not there, and holds it until the process ends, however it ends.</summary>
    public void Open()
    {
        var file = Path.GetFullPath(options.DatabaseFile);
        try
        {
            // Whoever can read what lies here can read every chat.
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(options.Directory);
            else
                Directory.CreateDirectory(options.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _lock = TryLock(file) ?? throw InUse(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unusable(error);
        }
    }

    /// <summary>What is said where the folder cannot be used.</summary>
    public StartupException Unusable(Exception error) => new(
        $"The folder {Path.GetFullPath(options.Directory)} (Cote__Data__Directory) cannot be used: {error.Message}", error);

    public void Dispose() => _lock?.Dispose();

    /// <summary>The lock of a database; null where another process has it.</summary>
    public static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file + ".lock"))
        {
            return null;
        }
    }

    StartupException InUse(string file) => new(options.Postgres is null
        ? $"Another process is using the database {file}. Stop it, or give this one a folder of its own with Cote__Data__Directory."
        : $"Another node is using the folder {Path.GetDirectoryName(file)}. Give this one a folder of its own with Cote__Data__Directory.");
}
