using Cote.Primitives;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>The embedded database: one file, one process, one writer that commits groups, many readers.</summary>
sealed class SqliteEngine(
    DataOptions options, DataFolder folder, Clock clock, ILogger<Database> log, IEnumerable<HostTables> hosts)
    : DatabaseEngine
{
    readonly SqliteUserChanges _users = new();
    SqliteReadPool? _readers;
    SqliteWriter? _writer;

    public override SqlDialect Dialect => SqliteDialect.Instance;

    public override bool IsSingleProcess => true;

    public override TimeSpan AvailableFor => TimeSpan.MaxValue; // no other process can hold a lease

    public override bool IsHealthy => _writer?.IsHealthy ?? false;

    public override async Task OpenAsync(CancellationToken ct)
    {
        folder.Open();
        UnfinishedRestore.Refuse(options);
        var file = Path.GetFullPath(options.DatabaseFile);
        try
        {
            await OpenAsync(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw folder.Unusable(error);
        }
        catch (SqliteException error)
        {
            var reason = HasNoSpace(file) ? "the disk is full" : error.Message;
            throw new StartupException($"The database {file} cannot be opened: {reason}", error);
        }
    }

    // SQLite reports a full disk as an I/O error where it cannot extend the file of its shared memory.
    static bool HasNoSpace(string file) => new DriveInfo(Path.GetDirectoryName(file)!).AvailableFreeSpace < 64 * 1024;

    async Task OpenAsync(string file)
    {
        OwnerOnly.CreateFile(file); // SQLite gives the files beside it the mode of this one
        using (var session = new SqliteSession(file, SqliteOpenMode.ReadWriteCreate))
        {
            session.Execute("pragma journal_mode = wal");
            await new Migrator(log, clock).RunAsync(new SqliteMigrationConnection(session, file), [.. hosts]);
        }
        _readers = new SqliteReadPool(file, options.Readers);
        _writer = new SqliteWriter(
            () => _users.Watch(new(file, SqliteOpenMode.ReadWrite)), options.WriteQueue, clock, log, _users);
    }

    internal override long? UserChanges => _users.Commits;

    internal override int Waiting => _writer?.Waiting ?? 0;

    internal override Task<Outcome> WriteAsync(WriteBatch batch) => _writer!.WriteAsync(batch);

    internal override async ValueTask<ReadSession> ReadAsync(CancellationToken ct)
    {
        try
        {
            return new SqliteReadSession(_readers!, await _readers!.RentAsync(ct), isSnapshot: false);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToProblem(error);
        }
    }

    internal override async Task<ReadSession> SnapshotAsync(CancellationToken ct, bool isLong = false)
    {
        var session = await _readers!.RentAsync(ct);
        try
        {
            session.Execute("begin");
            return new SqliteReadSession(_readers, session, isSnapshot: true);
        }
        catch (SqliteException error)
        {
            _readers.Discard(session);
            throw SqliteErrors.ToProblem(error);
        }
    }

    public override ValueTask DisposeAsync()
    {
        // The read sessions first: only a connection that may write moves the write-ahead log into the file when it is
        // the last to close, and after a stop the one file is then the whole database.
        _readers?.Dispose();
        _writer?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
