namespace Cote.Client;

/// <summary>
/// A storage in a folder, a file for each key, that only this user of the machine may read. A value is replaced whole
/// or not at all, also by a crash. Several processes may share it.
/// </summary>
public sealed class FileStorage : ICoteStorage
{
    static readonly TimeSpan Often = TimeSpan.FromMilliseconds(25);
    static readonly TimeSpan Leftover = TimeSpan.FromMinutes(1);

    // EWOULDBLOCK of Linux and of macOS; the sharing and the lock violation of Windows.
    static readonly int[] Taken = [11, 35, unchecked((int)0x80070020), unchecked((int)0x80070021)];

    const string Part = ".part";

    readonly string _folder;

    /// <summary>In this folder, which is made where it is missing.</summary>
    public FileStorage(string folder)
    {
        _folder = folder;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(
                folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        RemoveLeftovers("*");
    }

    /// <inheritdoc/>
    public async ValueTask<string?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        try
        {
            return await File.ReadAllTextAsync(PathOf(key), cancellationToken).ConfigureAwait(false);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetAsync(string key, string value, CancellationToken cancellationToken = default)
    {
        // Another process that shares the folder writes to a name of its own.
        var part = $"{PathOf(key)}.{Ids.New()}{Part}";
        try
        {
            var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None);
            await using (file.ConfigureAwait(false))
            {
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(value), cancellationToken)
                    .ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }
            File.Move(part, PathOf(key), overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        File.Delete(PathOf(key));
        RemoveLeftovers(Path.GetFileName(PathOf(key)) + ".*");
        return ValueTask.CompletedTask;
    }

    // A process that was killed while it wrote leaves what it had written; one that still writes keeps its own.
    void RemoveLeftovers(string pattern)
    {
        foreach (var part in new DirectoryInfo(_folder).EnumerateFiles(pattern + Part))
            try
            {
                if (TimeProvider.System.GetUtcNow() - part.LastWriteTimeUtc > Leftover)
                    part.Delete();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The next removal finds it again.
            }
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> LockAsync(string name, CancellationToken cancellationToken = default)
    {
        while (true)
            try
            {
                // The system closes the file of a process that has died, and so ends its lock.
                return new FileStream(
                    PathOf(name) + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (Taken.Contains(error.HResult))
            {
                await Task.Delay(Often, cancellationToken).ConfigureAwait(false); // a file tells nobody that it is free
            }
    }

    string PathOf(string key) => Path.Combine(_folder, Uri.EscapeDataString(key));
}
