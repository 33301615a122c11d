using Cote.Data;
using Cote.Events;
using Cote.Media;
using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Cote.Admin;

/// <summary>Makes the services of a node from settings, and from additions to its services.</summary>
delegate WebApplication HostFactory(string[] settings, Action<IServiceCollection> add);

/// <summary>
/// <c>Cote.Server restore</c>: puts a backup into an empty data directory, or into an empty PostgreSQL. All is prepared
/// in a folder of its own; a server refuses a data directory with that folder and without a database.
/// </summary>
/// <param name="from">The folder of the backup. It is only read.</param>
/// <param name="erased">Lists of accounts that were erased after the backup.</param>
/// <param name="output">Takes the result.</param>
/// <param name="error">Takes progress and failures.</param>
sealed class RestoreCommand(string from, string[] erased, TextWriter output, TextWriter error)
{
    readonly string _from = Path.GetFullPath(from);
    bool _isCopying;

    /// <summary>Runs the restore; the exit code.</summary>
    public async Task<int> RunAsync(HostFactory createHost, CancellationToken ct)
    {
        try
        {
            await RestoreAsync(createHost, ct);
            return 0;
        }
        catch (Exception failure) when (CommandFailures.SentenceOf(failure) is { } sentence)
        {
            await error.WriteLineAsync(_isCopying
                ? $"The restore was cut off: {sentence} Drop the database, create it anew, and restore again."
                : $"Nothing was restored: {sentence}");
            return 1;
        }
    }

    async Task RestoreAsync(HostFactory createHost, CancellationToken ct)
    {
        var manifest = BackupManifest.Read(_from);
        var lists = erased.SelectMany(ErasedList.Read).ToList();
        await using var node = createHost([], _ => { });
        var data = node.Services.GetRequiredService<DataOptions>();
        var folder = Path.GetFullPath(data.Directory);
        OwnerOnly.CreateFolder(folder);
        using var held = DataFolder.TryLock(Path.GetFullPath(data.DatabaseFile)) ?? throw new StartupException(
            $"A server, or another command, uses the folder {folder}. Stop it first.");
        if (data.Postgres is null && !UnfinishedRestore.IsIn(data))
            RefuseFilled(folder);
        else if (data.Postgres is not null)
            await RefuseFilledAsync(data.Postgres, ct);
        await error.WriteLineAsync($"The backup shows {manifest.At}. Its hashes are compared.");
        await manifest.VerifyAsync(_from, ct);
        lists = [.. ErasedList.ReadIn(_from), .. lists];

        var prepared = Path.Combine(folder, UnfinishedRestore.Folder);
        if (Directory.Exists(prepared))
            Directory.Delete(prepared, recursive: true); // what a kill has left
        var isMoving = false;
        try
        {
            OwnerOnly.CreateFolder(prepared);
            await PrepareAsync(createHost, manifest, data, lists, ct);
            if (data.Postgres is { } url)
                await CopyAsync(createHost, manifest, data, url, ct);
            new ErasedList(data).Merge([.. lists, .. ErasedList.ReadIn(prepared)]);
            isMoving = true;
            if (data.Postgres is null)
                MoveUp(prepared, folder);
            isMoving = false;
        }
        finally
        {
            if (!isMoving) // half of it would be taken for nothing
                Directory.Delete(prepared, recursive: true);
        }
        Report(manifest, data);
    }

    static void RefuseFilled(string folder)
    {
        var media = Path.Combine(folder, "media");
        var found = Directory.EnumerateFiles(folder, "*.key")
            .Concat(new[] { BackupManifest.Database, BackupManifest.Database + "-wal" }
                .Select(x => Path.Combine(folder, x)).Where(File.Exists))
            .Concat(Directory.Exists(media)
                ? Directory.EnumerateFiles(media, "*", SearchOption.AllDirectories) : [])
            .FirstOrDefault();
        if (found is not null)
            throw new StartupException(
                $"the folder {folder} holds a database, keys or media already ({Path.GetFileName(found)}). "
                + "Name an empty one with --Cote:Data:Directory=DIR, or move the old one away.");
    }

    // Before it is opened: that would migrate what is there.
    static async Task RefuseFilledAsync(Secret url, CancellationToken ct)
    {
        var settings = PostgresUrl.Parse(url, PostgresEngine.Setting);
        await using var source = NpgsqlDataSource.Create(settings);
        await using var command = source.CreateCommand(
            "select table_name from information_schema.tables where table_schema = current_schema() limit 1");
        if (await command.ExecuteScalarAsync(ct) is string table)
            throw new StartupException(
                $"the database at {PostgresUrl.PlaceOf(settings)} is not empty: it has the table {table}. "
                + "Drop it and create it anew, also where a restore was cut off, or name another one.");
    }

    // An embedded database with all that a restore changes: for both engines.
    async Task PrepareAsync(
        HostFactory createHost, BackupManifest manifest, DataOptions data,
        IReadOnlyList<(string UserId, string At)> lists, CancellationToken ct)
    {
        var folder = Path.Combine(data.Directory, UnfinishedRestore.Folder);
        foreach (var file in manifest.Files)
            await CopyAsync(Path.Combine(_from, file.Name), Path.Combine(folder, file.Name), ct);
        var options = new DataOptions
        {
            Directory = folder,
            Readers = data.Readers,
            WriteQueue = data.WriteQueue,
        };
        await using var host = createHost([$"--Cote:Data:Directory={folder}"], services =>
        {
            services.AddSingleton(options);
            services.AddSingleton<DatabaseEngine, SqliteEngine>();
        });
        var (services, clock) = (host.Services, host.Services.GetRequiredService<Clock>());
        await services.GetRequiredService<DatabaseEngine>().OpenAsync(ct);
        await services.GetRequiredService<EventLog>().OpenAsync(null, ct); // a new epoch: a backup holds none
        var db = services.GetRequiredService<Database>();
        await RefuseLostAsync(db, manifest, clock, ct);
        await new RestoredRows(services, error).ApplyAsync([.. lists.Select(x => x.UserId).Distinct()], ct);
        if (data.Postgres is null)
            await MediaAsync(db, services.GetRequiredService<BlobStorage>(), folder, clock)
                .RunAsync(default, error, ct);
        foreach (var copy in Directory.EnumerateFiles(folder, BackupManifest.Database + ".before-*"))
            File.Delete(copy); // of a migration; the backup is there
    }

    // All bytes are read before anything is written elsewhere.
    async Task RefuseLostAsync(Database db, BackupManifest manifest, Clock clock, CancellationToken ct)
    {
        var lost = new List<string>();
        await new BlobCheck(db, Media(), isDeep: true).RunAsync(
            (blob, _) => lost.Add(blob), new(error, clock, "blobs that are compared", 0, manifest.Blobs), ct);
        if (lost.Except(manifest.LostBlobs).ToList() is { Count: > 0 } damaged)
            throw new StartupException(
                $"the backup is damaged: the bytes of {damaged.Count} blobs are missing or changed: "
                + $"{string.Join(", ", damaged.Take(10))}. Use another one.");
    }

    DiskStorage Media() => new(new(new() { Directory = _from }, new()));

    CopyMedia MediaAsync(Database db, BlobStorage target, string folder, Clock clock) =>
        new(db, [Media()], target, (_, _) => Task.CompletedTask, clock, folder, skipLost: true);

    async Task CopyAsync(
        HostFactory createHost, BackupManifest manifest, DataOptions data, Secret url, CancellationToken ct)
    {
        var prepared = Path.Combine(data.Directory, UnfinishedRestore.Folder);
        var own = Path.Combine(prepared, "node");
        await using var host = createHost(
            [$"--Cote:Data:Directory={own}"], services => CopyCommand.AddTarget(services, url));
        var services = host.Services;
        var hosts = services.GetServices<HostTables>().ToList();
        await using var source = new SqliteArchive(
            Path.GetFullPath(Path.Combine(prepared, BackupManifest.Database)), hosts);
        var copy = new CopyDatabase(
            source, services.GetRequiredService<PostgresEngine>(), services.GetRequiredService<BlobStorage>(), hosts,
            services.GetRequiredService<Clock>(), TextWriter.Null, error, [Media()]);
        _isCopying = true;
        await copy.RunAsync(own, skipLostMedia: manifest.LostBlobs.Count > 0, ct);
    }

    // The database last: a folder with it is whole.
    static void MoveUp(string prepared, string folder)
    {
        if (Path.Combine(folder, "media") is var media && Directory.Exists(media))
            Directory.Delete(media, recursive: true); // it holds no file, or those of a restore that was cut off
        foreach (var entry in new DirectoryInfo(prepared).EnumerateFileSystemInfos())
            if (entry is DirectoryInfo inner)
                inner.MoveTo(Path.Combine(folder, entry.Name));
            else if (entry.Name.EndsWith(".key", StringComparison.Ordinal))
                ((FileInfo)entry).MoveTo(Path.Combine(folder, entry.Name), overwrite: true);
        AtomicFile.SyncFolder(folder);
        File.Move(Path.Combine(prepared, BackupManifest.Database), Path.Combine(folder, BackupManifest.Database));
        AtomicFile.SyncFolder(folder);
    }

    static async Task CopyAsync(string from, string to, CancellationToken ct)
    {
        await using var source = File.OpenRead(from);
        await using var target = OwnerOnly.Open(to, FileMode.Create, FileAccess.Write);
        await source.CopyToAsync(target, ct);
        target.Flush(flushToDisk: true);
    }

    void Report(BackupManifest manifest, DataOptions data)
    {
        output.WriteLine($"The database is restored as of {manifest.At}. All sessions have ended: users log in again.");
        output.WriteLine("API keys and shares are disabled until an admin enables them.");
        if (manifest.LostBlobs.Count > 0)
            output.WriteLine($"The bytes of {manifest.LostBlobs.Count} blobs were lost before the backup.");
        var hasKey = manifest.Files.Any(x => x.Name == "signing.key");
        if (data.Postgres is not null && hasKey)
            output.WriteLine("Give every node the key of the old server: "
                + $"Cote__Auth__SigningKey=\"base64:$(cat {Path.Combine(_from, "signing.key")})\"");
        else if (!hasKey)
            output.WriteLine("The backup holds no signing key: put the old one in its place, or set "
                + "Cote__Auth__SigningKey; with a new one, links to media that were handed out do not work.");
        output.WriteLine("Start the server, and run check.");
    }
}
