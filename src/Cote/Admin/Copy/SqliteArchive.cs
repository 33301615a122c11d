using Cote.Data;
using Microsoft.Data.Sqlite;

namespace Cote.Admin;

/// <summary>An embedded database that no server uses: it is read under its lock, and never changed.</summary>
sealed class SqliteArchive(string file, IReadOnlyList<HostTables> hosts) : DatabaseEngine
{
    const int Readers = 4;

    FileStream? _lock;
    SqliteReadPool? _pool;

    /// <summary>The folder in which it lies, with the files beside it.</summary>
    public string Folder => Path.GetDirectoryName(file)!;

    public override SqlDialect Dialect => SqliteDialect.Instance;

    public override bool IsSingleProcess => true;

    public override TimeSpan AvailableFor => TimeSpan.MaxValue;

    public override bool IsHealthy => false;

    public override async Task OpenAsync(CancellationToken ct)
    {
        if (!File.Exists(file))
            throw new StartupException($"There is no database {file}.");
        try
        {
            _lock = DataFolder.TryLock(file) ?? throw new StartupException(
                $"The database {file} is in use. Stop the Cote that serves it first.");
            _pool = new SqliteReadPool(Source(), Readers);
            var session = await _pool.RentAsync(ct);
            await CheckAsync(session);
            _pool.Return(session);
        }
        catch (SqliteException error)
        {
            throw new StartupException($"{file} cannot be read as a database of Cote: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The database {file} cannot be read, or its lock cannot be taken: {error.Message}", error);
        }
    }

    internal override Task<Outcome> WriteAsync(WriteBatch batch) =>
        throw new NotSupportedException("An archive is only read.");

    internal override async ValueTask<ReadSession> ReadAsync(CancellationToken ct) =>
        new SqliteReadSession(_pool!, await _pool!.RentAsync(ct), isSnapshot: false);

    // It never changes.
    internal override Task<ReadSession> SnapshotAsync(CancellationToken ct, bool isLong = false) =>
        ReadAsync(ct).AsTask();

    public override ValueTask DisposeAsync()
    {
        _pool?.Dispose();
        _lock?.Dispose();
        return ValueTask.CompletedTask;
    }

    // Under its lock the file does not change, and with `immutable` SQLite creates no files beside it. A log that a
    // kill left behind must be read too, and then it cannot be immutable.
    string Source() => File.Exists(file + "-wal") && new FileInfo(file + "-wal").Length > 0
        ? file : new Uri(file).AbsoluteUri + "?immutable=1";

    async Task CheckAsync(SqliteSession session)
    {
        var database = new SqliteMigrationConnection(session, file);
        await CheckAsync(database, MigrationHistory.OfCote);
        await HostSchema.RefuseUnknownAsync(database, hosts);
        var tables = (await HostSchema.ColumnsAsync(database)).Select(x => x.Table).ToHashSet();
        foreach (var history in hosts.Select(x => x.History))
            if (tables.Contains(history.Table))
                await CheckAsync(database, history);
            else
                throw Older(history, "all of them");
    }

    async Task CheckAsync(MigrationConnection database, MigrationHistory history)
    {
        if (await Migrator.MissingAsync(database, history) is [var missing, ..])
            throw Older(history, $"migration {missing.Name}");
    }

    StartupException Older(MigrationHistory history, string missing) => new(
        $"The database {file} was made by an older {history.Owner} (it lacks {missing}). "
        + "Start this version on it once and stop it: that brings it up to date, and keeps a copy of it.");
}
