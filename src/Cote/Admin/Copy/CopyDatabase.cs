using System.Globalization;
using Cote.Data;
using Cote.Events;
using Cote.Media;
using Cote.Replies;

namespace Cote.Admin;

/// <summary>
/// Copies everything of an embedded database into an empty PostgreSQL. Each page is committed with a note of its
/// position, so that a call after a kill goes on; no server starts on the target before both sides were read to the
/// end and are equal.
/// </summary>
sealed class CopyDatabase(
    SqliteArchive archive, PostgresEngine engine, BlobStorage storage, IEnumerable<HostTables> hosts, Clock clock,
    TextWriter output, TextWriter progressOutput, IReadOnlyList<BlobStorage>? sources = null)
{
    readonly Database _from = new(archive);
    readonly Database _to = new(engine);

    IReadOnlyList<CopyTable> _tables = [];

    /// <summary>Copies what is missing, compares all of it, and makes the target a database like any other.</summary>
    public async Task RunAsync(string folder, bool skipLostMedia, CancellationToken ct)
    {
        var began = clock.Ticks;
        await archive.OpenAsync(ct);
        await engine.OpenAsync(ct);
        var ofHosts = hosts.SelectMany(x => x.Tables).Select(x => new CopyTable(x.Name, x.Key, isSeeded: true));
        _tables = [.. CopiedTables.All, .. ofHosts];
        await using var load = await PostgresLoad.OpenAsync(engine, clock, ct);
        progressOutput.WriteLine(await load.BeginAsync(await NameAsync(ct), _tables, ct)
            ? "An unfinished copy is there: it goes on." : "The copy begins.");

        var copied = 0L;
        foreach (var table in _tables)
            copied += await CopyAsync(load, table, ct);
        var media = new CopyMedia(
            _from, sources ?? SourceStorages(), storage,
            (position, stop) => load.NoteAsync(CopyMedia.Progress, position, stop), clock, folder, skipLostMedia);
        await media.RunAsync(await load.PositionOfAsync(CopyMedia.Progress, ct), progressOutput, ct);
        var copying = clock.Since(began);
        await load.AnalyzeAsync(ct);

        progressOutput.WriteLine("Both sides are read and compared.");
        var rows = await CompareAsync(ct);
        var batch = new WriteBatch();
        EventLog.RenewEpoch(batch);
        ReplyLeases.VoidAll(batch);
        UnfinishedCopy.End(batch);
        await _to.WriteAsync(batch);
        await ReportAsync(new(rows, copied, copying, clock.Since(began)), media.Lost, ct);
    }

    async Task<long> CopyAsync(PostgresLoad load, CopyTable table, CancellationToken ct)
    {
        var columns = await table.ColumnsAsync(_from, ct);
        var position = await load.PositionOfAsync(table.Name, ct);
        var before = position.Rows;
        var progress = new CopyProgress(progressOutput, clock, table.Name, before, await table.CountAsync(_from, ct));
        var next = PageAsync(position);
        while (await next is { Count: > 0 } page)
        {
            position = new(position.Rows + page.Count, table.KeyOf(columns, page[^1]));
            next = PageAsync(position); // the next page is read while this one is written
            try
            {
                await load.WriteAsync(table, columns, page, position, ct);
            }
            catch (Npgsql.PostgresException error)
            {
                var where = error.Where is null ? "" : $" ({error.Where})";
                throw new StartupException(
                    $"Rows of the table {table.Name} up to {string.Join(' ', position.After!)} cannot be written: "
                    + $"{error.MessageText}{where}.", error);
            }
            finally
            {
                await Task.WhenAny(next); // the source must not be closed while it is read
            }
            progress.Report(position.Rows);
        }
        return position.Rows - before;

        Task<IReadOnlyList<object?[]>> PageAsync(KeysetPosition at) =>
            Task.Run(() => table.PageAsync(_from, columns, at.After, ct), ct);
    }

    // Reads every table on both sides; the number of rows.
    async Task<long> CompareAsync(CancellationToken ct)
    {
        var (rows, different) = (0L, new List<string>());
        output.WriteLine($"{"table",-16}{"rows",14}  SHA-256 of all rows, on both sides");
        foreach (var table in _tables)
        {
            var columns = await table.ColumnsAsync(_from, ct);
            var reading = Task.Run(() => table.DigestAsync(_from, columns, ct), ct);
            var target = await table.DigestAsync(_to, columns, ct);
            var source = await reading;
            rows += target.Rows;
            var digest = target == source ? target.Hash
                : string.Create(CultureInfo.InvariantCulture,
                    $"NOT THE SAME: {target.Hash}; the source has {source.Rows:N0} rows, {source.Hash}");
            Print($"{table.Name,-16}{target.Rows,14:N0}  {digest}{Environment.NewLine}");
            if (target != source)
                different.Add(table.Name);
        }
        return different.Count == 0 ? rows : throw new StartupException(
            $"The target is not the same as the source in: {string.Join(", ", different)}. "
            + "It stays unfinished, and no server starts on it. Drop the database, create it anew, and copy again.");
    }

    // The source and its state: a server that uses it writes another run, and the command line writes an audit entry.
    async Task<string> NameAsync(CancellationToken ct)
    {
        var meta = await _from.ListAsync(
            $"select value from meta where key in ('epoch', 'run') order by key", row => row.GetString(0), ct);
        var audited = await _from.FirstAsync($"select coalesce(max(id), '') from audit", row => row.GetString(0), ct);
        return string.Join(' ', [.. meta, audited]);
    }

    BlobStorage[] SourceStorages() =>
    [
        new DiskStorage(new MediaFolders(new DataOptions { Directory = archive.Folder }, new MediaOptions())),
        new DatabaseStorage(new ChunkStore(_from)),
    ];

    sealed record Figures(long Rows, long Copied, TimeSpan Copying, TimeSpan All)
    {
        public double PerSecond => Copied / Math.Max(0.001, Copying.TotalSeconds);
    }

    async Task ReportAsync(Figures figures, List<string> lostMedia, CancellationToken ct)
    {
        var (blobs, bytes) = await _from.FirstAsync(
            $"select count(*), coalesce(sum(size), 0) from blobs", row => (row.GetInt64(0), row.GetInt64(1)), ct);
        var open = await _from.FirstAsync(
            $"select count(*) from uploads where not ({CopiedTables.Uploads.Condition})", row => row.GetInt64(0), ct);
        var copied = blobs - lostMedia.Count;
        Print($"The copy is complete: {figures.Rows:N0} rows, and {copied:N0} blobs ");
        Print($"with {bytes / 1_048_576.0:N1} MiB whose hashes are right. ");
        Print($"This call copied {figures.Copied:N0} rows in {figures.Copying.TotalSeconds:N1} s ");
        Print($"({figures.PerSecond:N0}/s), with the comparison {figures.All.TotalSeconds:N1} s.{Environment.NewLine}");
        if (lostMedia.Count > 0)
            output.WriteLine($"Without the bytes of {lostMedia.Count} blobs, which were lost before: "
                + $"{string.Join(", ", lostMedia)}.");
        if (open > 0)
            output.WriteLine($"{open} unfinished resumable uploads were left behind; their clients begin them again.");
        var key = Path.Combine(archive.Folder, "signing.key");
        output.WriteLine(File.Exists(key)
            ? $"""
              Now give every node DATABASE_URL and the key that the old server signed with, unless it was given one
              itself (then the same again): Cote__Auth__SigningKey="base64:$(cat {key})"
              """
            : "Now give every node DATABASE_URL, and the same Cote__Auth__SigningKey that the old server was given.");
        output.WriteLine("Clients fetch their state anew by themselves. Do not start the old server again.");
    }

    void Print(FormattableString text) => output.Write(text.ToString(CultureInfo.InvariantCulture));
}
