using Cote.Data;
using Cote.Primitives;
using Microsoft.Data.Sqlite;

namespace Cote.Admin;

/// <summary>An embedded database that nobody serves: read under its lock, and never changed.</summary>
sealed class SqliteArchive(string file) : DatabaseEngine
{
    const int Readers = 4;

    FileStream? _lock;
    SqliteReadPool? _readers;

    public override string Name => "sqlite";

    public override bool IsSingleProcess => true;

    public override Sql Now => $"(cast(unixepoch('subsec') * 1000 as integer))";

    private protected override Sql EachOf(string jsonArray) => $"(select value from json_each({jsonArray}))";

    public override TimeSpan AvailableFor => TimeSpan.MaxValue;

    public override bool IsHealthy => false;

    public override async Task OpenAsync(CancellationToken ct)
    {
        if (!File.Exists(file))
            throw new StartupException($"There is no database {file}.");
        try
        {
            _lock = DataFolder.TryLock(file) ?? throw new StartupException($"The database {file} is in use. Stop the Cote that serves it first.");
            _readers = new SqliteReadPool(Source(), Readers);
            var session = await _readers.RentAsync(ct);
            await CheckAsync(session);
            _readers.Return(session);
        }
        catch (SqliteException error)
        {
            throw new StartupException($"{file} cannot be read as a database of Cote: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The database {file} cannot be read, or its lock cannot be taken: {error.Message}", error);
        }
    }

    internal override Task<Outcome> WriteAsync(WriteBatch batch) => throw new NotSupportedException("It is only read.");

    internal override async ValueTask<ReadSession> ReadAsync(CancellationToken ct) =>
        new SqliteReadSession(_readers!, await _readers!.RentAsync(ct), snapshot: false);

    internal override Task<ReadSession> SnapshotAsync(CancellationToken ct) => ReadAsync(ct).AsTask(); // it never changes

    public override ValueTask DisposeAsync()
    {
        _readers?.Dispose();
        _lock?.Dispose();
        return ValueTask.CompletedTask;
    }

    // Under its lock the file stays as it is, and said so SQLite makes no files beside it. Only where a kill has left a
    // log behind must that be read too.
    string Source() => File.Exists(file + "-wal") && new FileInfo(file + "-wal").Length > 0
        ? file : new Uri(file).AbsoluteUri + "?immutable=1";

    async Task CheckAsync(SqliteSession session)
    {
        var all = Migrator.All(typeof(Migrator).Assembly);
        var missing = await Migrator.MissingAsync(new SqliteMigrationConnection(session, file), all);
        if (missing.Count > 0)
            throw new StartupException(
                $"The database {file} was made by an older Cote (it lacks migration {missing[0].Name}). Start this version on it once and stop it: that brings it up to date, and keeps a copy of it aside.");
    }
}
