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

    /// <summary>Writes the backup; the exit code. The folder appears under its name when it is whole.</summary>
    public async Task<int> RunAsync(string to, bool withoutKey, CommandConsole console, CancellationToken ct)
    {
        Refuse(to);
        var folder = to + Unfinished;
        OwnerOnly.CreateFolder(folder);
        using (DataFolder.TryLock(Path.Combine(folder, BackupManifest.Database)) ?? throw new StartupException(
            $"Another backup is being written into {folder}."))
        {
            Clear(folder); // what a kill has left
            try
            {
                var manifest = await WriteAsync(folder, withoutKey, console, ct);
                await manifest.WriteAsync(folder);
                Report(manifest, to, withoutKey, console);
            }
            catch
            {
                Clear(folder);
                Directory.Delete(folder, recursive: true);
                throw;
            }
        }
        File.Delete(Path.Combine(folder, BackupManifest.Database + ".lock"));
        if (Directory.Exists(to))
            Directory.Delete(to); // it was empty
        Directory.Move(folder, to);
        AtomicFile.SyncFolder(Path.GetDirectoryName(to)!);
        console.Out.WriteLine($"The backup is whole: {to}");
        return 0;
    }

    static void Refuse(string to)
    {
        if (Path.GetDirectoryName(to) is not { } above || !Directory.Exists(above))
            throw new StartupException($"There is no folder {Path.GetDirectoryName(to)} to put the backup in.");
        if (File.Exists(to))
            throw new StartupException($"{to} is a file. Name a new folder.");
        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
            throw new StartupException($"The folder {to} is not empty. Name a new one.");
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
        await using var moment = new SnapshotEngine(db.Engine);
        await moment.OpenAsync(ct);
        var (at, from) = (clock.Now, new Database(moment));
        var rows = await CopyAsync(from, folder, console, ct);
        var epoch = await from.FirstAsync(
            $"select value from meta where key = 'epoch'", row => row.GetString(0), ct);
        var media = new CopyMedia(
            from, [storage], new DiskStorage(new(new() { Directory = folder }, new())), (_, _) => Task.CompletedTask,
            clock, folder, skipLost: true);
        await media.RunAsync(default, console.Error, ct);
        var (blobs, bytes) = await from.FirstAsync(
            $"select count(*), coalesce(cast(sum(size) as bigint), 0) from blobs",
            row => (row.GetInt64(0), row.GetInt64(1)), ct);
        var files = new List<BackupFile> { await BackupManifest.DescribeAsync(folder, BackupManifest.Database, ct) };
        if (!withoutKey)
            files.AddRange(await CopyKeysAsync(folder, ct));
        AtomicFile.SyncFolder(folder);
        return new(
            BackupManifest.Newest, Version, db.Dialect.Name, at, MigrationHistory.OfCote.All[^1].Name, epoch ?? "",
            rows, blobs - media.Lost.Count, bytes, media.Lost, files);
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

    // One rule for all keys of the data directory: they end in `.key`. Whoever has them can sign tokens.
    async Task<List<BackupFile>> CopyKeysAsync(string folder, CancellationToken ct)
    {
        var files = new List<BackupFile>();
        foreach (var key in Directory.EnumerateFiles(data.Directory, "*.key").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(key);
            AtomicFile.Write(Path.Combine(folder, name), await File.ReadAllBytesAsync(key, ct));
            files.Add(await BackupManifest.DescribeAsync(folder, name, ct));
        }
        return files;
    }

    static void Report(BackupManifest manifest, string to, bool withoutKey, CommandConsole console)
    {
        console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{manifest.Rows.Values.Sum():N0} rows as of {manifest.At}, and {manifest.Blobs:N0} blobs with ")
            + string.Create(CultureInfo.InvariantCulture, $"{manifest.BlobBytes / 1_048_576.0:N1} MiB."));
        if (manifest.LostBlobs.Count > 0)
            console.Error.WriteLine(
                $"Without the bytes of {manifest.LostBlobs.Count} blobs, which are lost or damaged: "
                + $"{string.Join(", ", manifest.LostBlobs)}. Run check.");
        var keys = manifest.Files.Where(x => x.Name != BackupManifest.Database).Select(x => x.Name).ToList();
        console.Out.WriteLine(keys.Count > 0
            ? $"With the keys {string.Join(", ", keys)}: whoever can read the backup can sign tokens."
            : withoutKey ? "Without the keys of the data directory: keep them in another place."
            : "The data directory holds no keys: keep those of the configuration in another place.");
    }

    static string Version => typeof(BackupDatabase).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
