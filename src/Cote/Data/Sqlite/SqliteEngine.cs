using System.Data.Common;
using Cote.Primitives;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>The embedded database: one file, one process, one writer that commits groups, many readers.</summary>
sealed class SqliteEngine(DataOptions options, DataFolder folder, Clock clock, ILogger<Database> log) : DatabaseEngine
{
    SqliteReadPool? _readers;
    SqliteWriter? _writer;

    public override string Name => "sqlite";

    public override bool IsSingleProcess => true;

    public override Sql Now => $"(cast(unixepoch('subsec') * 1000 as integer))";

    private protected override Sql EachOf(string jsonArray) => $"(select value from json_each({jsonArray}))";

    public override TimeSpan AvailableFor => TimeSpan.MaxValue; // no other process can hold a lease

    public override bool IsHealthy => _writer?.IsHealthy ?? false;

    public override async Task OpenAsync(CancellationToken ct)
    {
        folder.Open();
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
            throw new StartupException($"The database {file} cannot be opened: {error.Message}", error);
        }
    }

    async Task OpenAsync(string file)
    {
        using (var session = new SqliteSession(file, SqliteOpenMode.ReadWriteCreate))
        {
            session.Execute("pragma journal_mode = wal");
            await new Migrator(log, clock).RunAsync(new SqliteMigrationConnection(session, file));
        }
        _readers = new SqliteReadPool(file, options.Readers);
        _writer = new SqliteWriter(() => new SqliteSession(file, SqliteOpenMode.ReadWrite), options.WriteQueue, clock, log);
    }

    internal override Task<Outcome> WriteAsync(WriteBatch batch) => _writer!.WriteAsync(batch);

    internal override async ValueTask<ReadSession> ReadAsync(CancellationToken ct)
    {
        try
        {
            return new SqliteReadSession(_readers!, await _readers!.RentAsync(ct), snapshot: false);
        }
        catch (SqliteException error)
        {
            throw Translate(error);
        }
    }

    internal override async Task<ReadSession> SnapshotAsync(CancellationToken ct)
    {
        var session = await _readers!.RentAsync(ct);
        try
        {
            session.Execute("begin");
            return new SqliteReadSession(_readers, session, snapshot: true);
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
        folder.Dispose();
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
}

/// <summary>The one session that is open while the schema is brought up to date: the file's lock is held.</summary>
sealed class SqliteMigrationConnection(SqliteSession session, string file) : MigrationConnection
{
    public override string Engine => "sqlite";

    public override Task BeginAsync() => ExecuteAsync("begin immediate");

    public override Task CommitAsync() => ExecuteAsync("commit");

    public override Task RollBackAsync() => session.InTransaction ? ExecuteAsync("rollback") : Task.CompletedTask;

    public override Task ExecuteAsync(string constant)
    {
        session.Execute(constant);
        return Task.CompletedTask;
    }

    public override Task<IReadOnlyList<T>> ListAsync<T>(Sql sql, Func<Row, T> map) => Task.FromResult(session.List(sql, map, null));

    public override string? CopyBefore(int migration)
    {
        var copy = $"{file}.before-{migration:0000}";
        File.Delete(copy);
        using var aside = new SqliteConnection($"Data Source={copy};Pooling=False");
        session.Connection.BackupDatabase(aside);
        return copy;
    }
}
