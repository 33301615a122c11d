using System.Globalization;
using System.Reflection;
using Cote.Data;
using Cote.Media;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Admin;

/// <summary>
/// Writes everything of one moment into a folder, while the server serves: an embedded database, whatever the engine,
/// the bytes of its blobs, and the keys.
/// </summary>
sealed class BackupDatabase(
    Database db, BlobStorage storage, IEnumerable<HostTables> hosts, DataOptions data, Clock clock,
    ILogger<BackupDatabase> log)
{
    const string Unfinished = ".unfinished";
    const int Lost = 2;

    // One rule for all keys of the data directory. Whoever has them can sign tokens.
    const string Keys = "*.key";

    /// <summary>
    /// Writes the backup; the exit code. The folder appears under its name when it is whole; where the folder is there,
    /// its manifest does. Without <paramref name="skipLost"/> the code is 2 where bytes are lost.
    /// </summary>
    public async Task<int> RunAsync(
        string path, bool withoutKey, bool skipLost, CommandConsole console, CancellationToken ct)
    {
        var to = Path.TrimEndingDirectorySeparator(path);
        Refuse(to);
        var isThere = Directory.Exists(to); // it may be a mount point, which nothing can take the place of
        var folder = isThere ? Path.Combine(to, Unfinished) : to + Unfinished;
        OwnerOnly.CreateFolder(folder);
        BackupManifest manifest;
        using (DataFolder.TryLock(Path.Combine(folder, "backup")) ?? throw new StartupException(
            $"Another backup is being written into {folder}."))
        {
            Clear(folder); // what a kill has left
            try
            {
                manifest = await WriteAsync(folder, withoutKey, console, ct);
                await manifest.WriteAsync(folder);
            }
            catch
            {
                Clear(folder);
                Directory.Delete(folder, recursive: true);
                throw;
            }
        }
        foreach (var file in Directory.EnumerateFiles(folder, "*.lock").ToList())
            File.Delete(file);
        if (isThere)
            MoveUp(folder, to);
        else
            Directory.Move(folder, to);
        AtomicFile.SyncFolder(isThere ? to : Path.GetDirectoryName(to)!);
        Report(manifest, withoutKey, console);
        return Conclude(manifest, to, skipLost, console);
    }

    static void Refuse(string to)
    {
        if (File.Exists(to))
            throw new StartupException($"{to} is a file. Name a new folder.");
        if (Directory.Exists(to))
        {
            // A file system that is mounted has a folder of its own.
            var others = Directory.EnumerateFileSystemEntries(to).Select(x => Path.GetFileName(x))
                .Where(x => x is not (Unfinished or "lost+found"));
            if (others.Any())
                throw new StartupException($"The folder {to} is not empty. Name a new one.");
        }
        else if (Path.GetDirectoryName(to) is not { } above || !Directory.Exists(above))
            throw new StartupException($"There is no folder {Path.GetDirectoryName(to)} to put the backup in.");
    }

    // The manifest last: a folder with it is whole.
    static void MoveUp(string folder, string to)
    {
        try
        {
            OwnerOnly.Restrict(new DirectoryInfo(to));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // it belongs to somebody else; what is put into it is readable by its owner alone all the same
        }
        var manifest = Path.Combine(folder, BackupManifest.FileName);
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().ToList())
            if (entry is DirectoryInfo inner)
                inner.MoveTo(Path.Combine(to, entry.Name));
            else if (entry.Name != BackupManifest.FileName)
                ((FileInfo)entry).MoveTo(Path.Combine(to, entry.Name));
        AtomicFile.SyncFolder(to);
        File.Move(manifest, Path.Combine(to, BackupManifest.FileName));
        Directory.Delete(folder);
    }

    static void Clear(string folder)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            if (entry is DirectoryInfo inner)
                inner.Delete(recursive: true);
            else if (!entry.Name.EndsWith(".lock", StringComparison.Ordinal))
                entry.Delete();
    }

    async Task<BackupManifest> WriteAsync(
        string folder, bool withoutKey, CommandConsole console, CancellationToken ct)
    {
        // The hold first: no blob of the moment goes before its bytes are read.
        await using var hold = await SweepHold.BeginAsync(db, clock);
        var (at, epoch, rows) = await CopyMomentAsync(folder, console, ct);
        await using var copy = new SqliteArchive(Path.Combine(folder, BackupManifest.Database), [.. hosts]);
        await copy.OpenAsync(ct);
        var from = new Database(copy);
        var media = new CopyMedia(
            from, [storage], new DiskStorage(new(new() { Directory = folder }, new())), (_, _) => Task.CompletedTask,
            clock, folder, skipLost: true);
        await media.RunAsync(default, console.Error, ct);
        await hold.ConfirmAsync();
        var (blobs, bytes) = await from.FirstAsync(
            $"select count(*), coalesce(cast(sum(size) as bigint), 0) from blobs",
            row => (row.GetInt64(0), row.GetInt64(1)), ct);
        var files = new List<BackupFile> { await BackupManifest.DescribeAsync(folder, BackupManifest.Database, ct) };
        files.AddRange(await CopyBesideAsync(ErasedList.FileName, folder, ct)); // after the moment: it has all before
        if (!withoutKey)
            files.AddRange(await CopyBesideAsync(Keys, folder, ct));
        AtomicFile.SyncFolder(folder);
        return new(
            BackupManifest.Newest, Version, db.Dialect.Name, at, MigrationHistory.OfCote.All[^1].Name, epoch,
            rows, blobs - media.Lost.Count, bytes, media.Lost, files);
    }

    // The moment ends with the rows: while it is read, an engine keeps all that was there, and the bytes take longest.
    async Task<(Timestamp At, string Epoch, Dictionary<string, long> Rows)> CopyMomentAsync(
        string folder, CommandConsole console, CancellationToken ct)
    {
        await using var moment = new SnapshotEngine(db.Engine);
        await moment.OpenAsync(ct);
        var (at, from) = (clock.Now, new Database(moment));
        var rows = await CopyAsync(from, folder, console, ct);
        var epoch = await from.FirstAsync(
            $"select value from meta where key = 'epoch'", row => row.GetString(0), ct);
        return (at, epoch ?? "", rows);
    }

    async Task<Dictionary<string, long>> CopyAsync(
        Database from, string folder, CommandConsole console, CancellationToken ct)
    {
        var file = Path.Combine(folder, BackupManifest.Database);
        var known = hosts.ToList();
        var ofHosts = known.SelectMany(x => x.Tables).Select(x => new CopyTable(x.Name, x.Key, isSeeded: true));
        IReadOnlyList<CopyTable> tables = [.. CopiedTables.All, .. ofHosts];
        using var load = await SqliteLoad.OpenAsync(file, known, [.. tables.Where(x => x.IsSeeded)], log, clock);
        var rows = new Dictionary<string, long>();
        foreach (var table in tables)
        {
            var columns = load.ColumnsOf(table);
            var progress = new CopyProgress(
                console.Error, clock, table.Name, 0, await table.CountAsync(from, ct));
            var (position, next) = (0L, table.PageAsync(from, columns, null, ct));
            while (await next is { Count: > 0 } page)
            {
                next = table.PageAsync(from, columns, table.KeyOf(columns, page[^1]), ct);
                try
                {
                    load.Write(table, columns, page);
                }
                finally
                {
                    await Task.WhenAny(next); // the moment must not end while it is read
                }
                progress.Report(position += page.Count);
            }
            rows[table.Name] = position;
        }
        load.End();
        return rows;
    }

    // Files of the data directory.
    async Task<List<BackupFile>> CopyBesideAsync(string pattern, string folder, CancellationToken ct)
    {
        var files = new List<BackupFile>();
        foreach (var file in Directory.EnumerateFiles(data.Directory, pattern).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file);
            // The server may append to it meanwhile.
            await using (var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            await using (var to = OwnerOnly.Open(Path.Combine(folder, name), FileMode.Create, FileAccess.Write))
            {
                await from.CopyToAsync(to, ct);
                to.Flush(flushToDisk: true);
            }
            files.Add(await BackupManifest.DescribeAsync(folder, name, ct));
        }
        return files;
    }

    static void Report(BackupManifest manifest, bool withoutKey, CommandConsole console)
    {
        console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{manifest.Rows.Values.Sum():N0} rows as of {manifest.At}, and {manifest.Blobs:N0} blobs with ")
            + string.Create(CultureInfo.InvariantCulture, $"{manifest.BlobBytes / 1_048_576.0:N1} MiB."));
        var keys = manifest.Files.Select(x => x.Name).Where(x => x.EndsWith(Keys[1..], StringComparison.Ordinal))
            .ToList();
        console.Out.WriteLine(keys.Count > 0
            ? $"With the keys {string.Join(", ", keys)}: whoever can read the backup can sign tokens."
            : withoutKey ? "Without the keys of the data directory: keep them in another place."
            : "The data directory holds no keys: keep those of the configuration in another place.");
    }

    // A storage that is not mounted, or another one, has lost them all: that must not pass for a backup.
    static int Conclude(BackupManifest manifest, string to, bool skipLost, CommandConsole console)
    {
        var lost = manifest.LostBlobs;
        if (lost.Count == 0)
        {
            console.Out.WriteLine($"The backup is whole: {to}");
            return 0;
        }
        console.Error.WriteLine(
            $"Without the bytes of {lost.Count} of {manifest.Blobs + lost.Count} blobs, which are lost or damaged: "
            + $"{string.Join(", ", lost.Take(10))}{(lost.Count > 10 ? "…" : "")}. The manifest names them.");
        if (skipLost)
        {
            console.Out.WriteLine($"The backup is whole but for them: {to}");
            return 0;
        }
        console.Error.WriteLine(
            $"{to} has everything else. See that the storage of media is there, put the bytes back, and back up again "
            + "into a new folder; or add --skip-lost-media where they are lost for good.");
        return Lost;
    }

    static string Version => typeof(BackupDatabase).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
