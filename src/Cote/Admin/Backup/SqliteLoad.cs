using Cote.Data;
using Cote.Primitives;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cote.Admin;

/// <summary>
/// Fills a new embedded database. It is on disk, and whole, when <see cref="End"/> returns, and worth nothing
/// before.
/// </summary>
sealed class SqliteLoad : IDisposable
{
    readonly SqliteSession _session;
    readonly string _file;

    SqliteLoad(SqliteSession session, string file) => (_session, _file) = (session, file);

    /// <summary>Makes the schema. What migrations put in goes: the source brings its own.</summary>
    public static async Task<SqliteLoad> OpenAsync(
        string file, IReadOnlyList<HostTables> hosts, IReadOnlyList<CopyTable> seeded, ILogger log, Clock clock)
    {
        OwnerOnly.CreateFile(file);
        var load = new SqliteLoad(new(file, SqliteOpenMode.ReadWrite), file);
        try
        {
            load._session.Execute("pragma journal_mode = memory");
            load._session.Execute("pragma synchronous = off");
            await new Migrator(log, clock).RunAsync(new SqliteMigrationConnection(load._session, file), hosts);
            // A row whose owner is lost is in the backup as it was, and check names it: it must not stop every backup.
            load._session.Execute("pragma foreign_keys = off");
            foreach (var table in seeded.Reverse())
                load._session.Execute((Sql)$"delete from {Sql.Names(table.Name)} where {table.Condition}");
            return load;
        }
        catch
        {
            load.Dispose();
            throw;
        }
    }

    /// <summary>The columns of a table.</summary>
    public IReadOnlyList<Column> ColumnsOf(CopyTable table) => _session.List(table.Columns, CopyTable.ReadColumn);

    /// <summary>Writes a page of a table.</summary>
    public void Write(CopyTable table, IReadOnlyList<Column> columns, IReadOnlyList<object?[]> rows)
    {
        try
        {
            _session.Execute("begin immediate");
            foreach (var row in rows)
                _session.Execute((Sql)$"""
                    insert into {Sql.Names(table.Name)} ({Sql.Names(columns.Select(x => x.Name))})
                    values ({CopyTable.Values(row)})
                    """);
            _session.Execute("commit");
        }
        catch (SqliteException error) when (SqliteErrors.IsDiskFull(error))
        {
            throw SqliteErrors.ToProblem(error);
        }
    }

    /// <summary>Everything is on disk when it returns.</summary>
    public void End()
    {
        _session.Execute("pragma optimize = 0x10002"); // the planner's statistics
        _session.Dispose();
        using var file = new FileStream(_file, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    public void Dispose() => _session.Dispose();
}
