using Cote.Primitives;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>The embedded database: one file, one process, one writer that commits groups, many readers.</summary>
sealed class SqliteDialect(DataOptions options, Clock clock, ILogger<Database> log) : Dialect
{
    FileStream? _lock;
    SqliteReaders? _readers;
    SqliteWriter? _writer;

    public override string Name => "sqlite";

    public override bool IsOnlyProcess => true;

    public override Sql Now => $"(cast(unixepoch('subsec') * 1000 as integer))";

    public override Sql ClaimSuffix => $"";

    public override bool IsHealthy => _writer?.IsHealthy ?? false;

    public override async Task OpenAsync(CancellationToken ct)
    {
        var file = Path.GetFullPath(options.DatabaseFile);
        try
        {
            Directory.CreateDirectory(options.Directory);
            _lock = Lock(file);
            await OpenAsync(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The folder {Path.GetDirectoryName(file)} (Cote__Data__Directory) cannot be used: {error.Message}", error);
        }
        catch (SqliteException error)
        {
            throw new StartupException($"The database {file} cannot be opened: {error.Message}", error);
        }
    }

    async Task OpenAsync(string file)
    {
        using (var session = new SqliteSession(file, SqliteOpenMode.ReadWriteCreate))
        {
            session.Execute("pragma journal_mode = wal");
            await new Migrator(log, clock).RunAsync(session, Name, before =>
            {
                var copy = $"{file}.before-{before:0000}";
                File.Delete(copy);
                using var aside = new SqliteConnection($"Data Source={copy};Pooling=False");
                session.Connection.BackupDatabase(aside);
                return copy;
            });
        }
        _readers = new SqliteReaders(file, options.Readers);
        _writer = new SqliteWriter(() => new SqliteSession(file, SqliteOpenMode.ReadWrite), options.WriteQueue, clock, log);
    }

    internal override Task<Outcome> WriteAsync(Unit unit) => _writer!.WriteAsync(unit);

    internal override async ValueTask<View> ReadAsync(CancellationToken ct)
    {
        try
        {
            return new SqliteView(_readers!, await _readers!.RentAsync(ct), snapshot: false);
        }
        catch (SqliteException error)
        {
            throw Translate(error);
        }
    }

    internal override async Task<View> SnapshotAsync(CancellationToken ct)
    {
        var session = await _readers!.RentAsync(ct);
        try
        {
            session.Execute("begin");
            return new SqliteView(_readers, session, snapshot: true);
        }
        catch (SqliteException error)
        {
            _readers.Discard(session);
            throw Translate(error);
        }
    }

    public override ValueTask DisposeAsync()
    {
        // The readers first: only a connection that may write moves the write-ahead log into the file when it is the last
        // to close, and after a stop the one file is then the whole database.
        _readers?.Dispose();
        _writer?.Dispose();
        _lock?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What a client is told of an error of the engine, by its code and never by its text.</summary>
    internal static ProblemException Translate(SqliteException error) => error.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_FULL => new(Problems.DiskFull, error),
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => new(Problems.Busy, error),
        SQLitePCL.raw.SQLITE_IOERR or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY
            or SQLitePCL.raw.SQLITE_NOMEM or SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB
            => new(Problems.Unavailable, error),
        _ => new(Problems.Internal, error),
    };

    // Two processes on one file would each believe that its leases and its counters are alone: the second is refused.
    // The lock is the kernel's and goes with the process, however it ends.
    static FileStream Lock(string file)
    {
        try
        {
            return new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new StartupException(
                $"Another process is using the database {file}. Stop it, or give this one a folder of its own with Cote__Data__Directory.", error);
        }
    }
}
