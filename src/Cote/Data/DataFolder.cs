using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>
/// The data directory: readable by its owner alone, and locked by one process at a time. Two processes on one embedded
/// database would each believe that its leases and its counters are its own; two nodes on one folder would delete each
/// other's uploads.
/// </summary>
sealed class DataFolder(DataOptions options, ILogger<DataFolder> log) : IDisposable
{
    FileStream? _lock;

    /// <summary>
    /// Creates the directory where there is none, takes the rights of other users from it and from what lies in it, and
    /// holds its lock until the process ends, however it ends.
    /// </summary>
    public void Open()
    {
        var file = Path.GetFullPath(options.DatabaseFile);
        try
        {
            OwnerOnly.CreateFolder(options.Directory);
            _lock = TryLock(file) ?? throw InUse(file);
            Restrict(new(options.Directory));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unusable(error);
        }
    }

    /// <summary>The error that stops the start where the folder cannot be used.</summary>
    public StartupException Unusable(Exception error) => new(
        $"The folder {Path.GetFullPath(options.Directory)} (Cote__Data__Directory) cannot be used: {error.Message}",
        error);

    public void Dispose() => _lock?.Dispose();

    /// <summary>Takes the lock of a database file; null where another process holds it.</summary>
    public static FileStream? TryLock(string file)
    {
        try
        {
            return OwnerOnly.Open(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite);
        }
        catch (IOException) when (File.Exists(file + ".lock"))
        {
            return null;
        }
    }

    // A volume or a mkdir of an operator is often 0755, and files of earlier versions were 0644. A folder of another
    // owner, or a file system without modes, cannot be changed: the server serves, and the operator is warned once.
    void Restrict(DirectoryInfo folder)
    {
        Exception? failure = null;
        foreach (var entry in folder.EnumerateFileSystemInfos().Prepend(folder))
            try
            {
                OwnerOnly.Restrict(entry);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                failure ??= error;
            }
        if (failure is not null)
            log.DataFolderReadable(folder.FullName, failure.Message);
    }

    StartupException InUse(string file) => new(options.Postgres is null
        ? $"Another process is using the database {file}. "
            + "Stop it, or give this one a folder of its own with Cote__Data__Directory."
        : $"Another node is using the folder {Path.GetDirectoryName(file)}. "
            + "Give this one a folder of its own with Cote__Data__Directory.");
}
