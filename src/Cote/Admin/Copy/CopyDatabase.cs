using System.Globalization;
using Cote.Data;
using Cote.Events;
using Cote.Media;
using Cote.Primitives;
using Cote.Replies;

namespace Cote.Admin;

/// <summary>
/// <c>copy</c>: everything of an embedded database into an empty PostgreSQL. Pages and notes of them go in together, so a
/// call after a kill goes on; nobody serves the target before both sides were read to the end and are equal.
/// </summary>
sealed class CopyDatabase(string file, PostgresEngine engine, BlobStorage storage, Clock clock, TextWriter output, TextWriter said)
{
    readonly Database _to = new(engine);

    /// <summary>Copies what is missing, compares all of it, and makes the target a database like any other.</summary>
    public async Task RunAsync(string folder, bool skipLostMedia, CancellationToken ct)
    {
        var began = clock.Ticks;
        await using var archive = new SqliteArchive(file);
        await archive.OpenAsync(ct);
        var from = new Database(archive);
        engine.IsImportTarget = true;
        await engine.OpenAsync(ct);
        await using var load = await PostgresLoad.OpenAsync(engine, clock, ct);
        said.WriteLine(await load.BeginAsync(await NameAsync(from, ct), CopiedTables.All, ct)
            ? "An unfinished copy is there: it goes on." : "The copy begins.");

        var copied = 0L;
        foreach (var table in CopiedTables.All)
            copied += await CopyAsync(from, load, table, ct);
        var media = new CopyMedia(from, Beside(from), storage, load, clock, folder, skipLostMedia);
        await media.RunAsync(said, ct);
        var copying = clock.Since(began);
        await load.AnalyzeAsync(ct);

        said.WriteLine("Both sides are read and compared.");
        var rows = await CompareAsync(from, ct);
        var batch = new WriteBatch();
        EventLog.RenewEpoch(batch);
        ReplyLeases.VoidAll(batch);
        UnfinishedCopy.End(batch);
        await _to.WriteAsync(batch);
        await ReportAsync(from, rows, copied, media, copying, clock.Since(began), ct);
    }

    async Task<long> CopyAsync(Database from, PostgresLoad load, CopyTable table, CancellationToken ct)
    {
        var columns = await table.ColumnsAsync(from, ct);
        var position = await load.PlaceOfAsync(table.Name, ct);
        var before = position.Rows;
        var progress = new CopyProgress(said, clock, table.Name, before, await table.CountAsync(from, ct));
        var next = PageAsync(position);
        while (await next is { Count: > 0 } page)
        {
            position = new(position.Rows + page.Count, table.KeyOf(columns, page[^1]));
            next = PageAsync(position); // while this page is being written, the one after it is read
            try
            {
                await load.WriteAsync(table, columns, page, position, ct);
            }
            catch (Npgsql.PostgresException error)
            {
                throw new StartupException(
                    $"Rows of the table {table.Name} up to {string.Join(' ', position.After!)} cannot be written: {error.MessageText}{(error.Where is null ? "" : $" ({error.Where})")}.", error);
            }
            finally
            {
                await Task.WhenAny(next); // nobody reads any more when the source is closed
            }
            progress.Report(position.Rows);
        }
        return position.Rows - before;

        Task<IReadOnlyList<object?[]>> PageAsync(KeysetPosition at) => Task.Run(() => table.PageAsync(from, columns, at.After, ct), ct);
    }

    async Task<long> CompareAsync(Database from, CancellationToken ct)
    {
        var (rows, different) = (0L, new List<string>());
        output.WriteLine($"{"table",-16}{"rows",14}  SHA-256 of all rows, on both sides");
        foreach (var table in CopiedTables.All)
        {
            var columns = await table.ColumnsAsync(from, ct);
            var theirs = Task.Run(() => table.DigestAsync(from, columns, ct), ct);
            var ours = await table.DigestAsync(_to, columns, ct);
            var source = await theirs;
            rows += ours.Rows;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{table.Name,-16}{ours.Rows,14:N0}  {(ours == source ? ours.Hash : $"NOT THE SAME: {ours.Hash}; the source has {source.Rows:N0} rows, {source.Hash}")}"));
            if (ours != source)
                different.Add(table.Name);
        }
        return different.Count == 0 ? rows : throw new StartupException(
            $"The target is not the same as the source in: {string.Join(", ", different)}. It stays unfinished, and no server starts on it. Drop the database, create it anew, and copy again.");
    }

    // Which source, and in which state: whatever serves it writes another run, whatever the command line does is audited.
    static async Task<string> NameAsync(Database from, CancellationToken ct)
    {
        var meta = await from.ListAsync($"select value from meta where key in ('epoch', 'run') order by key", row => row.GetString(0), ct);
        var audited = await from.FirstAsync($"select coalesce(max(id), '') from audit", row => row.GetString(0), ct);
        return string.Join(' ', [.. meta, audited]);
    }

    BlobStorage[] Beside(Database from) =>
    [
        new DiskStorage(new MediaFolders(new DataOptions { Directory = Path.GetDirectoryName(file)! }, new MediaOptions())),
        new DatabaseStorage(new ChunkStore(from)),
    ];

    async Task ReportAsync(
        Database from, long rows, long copied, CopyMedia media, TimeSpan copying, TimeSpan all, CancellationToken ct)
    {
        var (blobs, bytes) = await from.FirstAsync($"select count(*), coalesce(sum(size), 0) from blobs", row => (row.GetInt64(0), row.GetInt64(1)), ct);
        var open = await from.FirstAsync($"select count(*) from uploads where not ({CopiedTables.Uploads.Only})", row => row.GetInt64(0), ct);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The copy is complete: {rows:N0} rows, and {blobs - media.Lost.Count:N0} blobs with {bytes / 1_048_576.0:N1} MiB whose hashes are right. This call copied {copied:N0} rows in {copying.TotalSeconds:N1} s ({copied / Math.Max(0.001, copying.TotalSeconds):N0}/s), with the comparison {all.TotalSeconds:N1} s."));
        if (media.Lost.Count > 0)
            output.WriteLine($"Without the bytes of {media.Lost.Count} blobs, which were lost before: {string.Join(", ", media.Lost)}.");
        if (open > 0)
            output.WriteLine($"{open} unfinished resumable uploads were left behind; their clients begin them again.");
        var key = Path.Combine(Path.GetDirectoryName(file)!, "signing.key");
        output.WriteLine(File.Exists(key)
            ? $"""
              Now give every node DATABASE_URL and the key that the old server signed with, unless it was given one itself
              (then the same again): Cote__Auth__SigningKey="base64:$(cat {key})"
              """
            : "Now give every node DATABASE_URL, and the same Cote__Auth__SigningKey that the old server was given.");
        output.WriteLine("Clients fetch their state anew by themselves. Do not start the old server again.");
    }
}
