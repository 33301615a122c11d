using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Cote.Data;

/// <summary>One connection to the file with the statements it has prepared. One caller at a time uses it.</summary>
sealed class SqliteSession : IDisposable
{
    // The statements of the program are few; a store that builds ever new text would show here as memory.
    const int MostPrepared = 512;

    const int StablePlans = 1_007; // SQLITE_DBCONFIG_ENABLE_QPSG
    const int PagesWritten = 9; // SQLITE_DBSTATUS_CACHE_WRITE

    // By the string itself: a text is made once, and its thousands of letters would have to be hashed for each run.
    readonly Dictionary<string, SqliteStatement> _prepared = new(ReferenceEqualityComparer.Instance);

    // Before the first connection: each of ours has one caller at a time, so that the engine's own locks around every
    // call guard nothing, and its count of used memory is never read.
    static SqliteSession()
    {
        Batteries_V2.Init();
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    public SqliteSession(string file, SqliteOpenMode mode)
    {
        Connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString());
        Connection.Open();
        // Plans that do not depend on the values that are bound: beside partial indexes the engine would look whether a
        // value lets one of them be used, and for that compile the statement anew whenever another value is bound.
        _ = raw.sqlite3_db_config(Connection.Handle, StablePlans, 1, out _);
        Execute("pragma busy_timeout = 5000");
        // foreign_keys is per connection; FULL fsyncs at every commit, where NORMAL could lose what was acknowledged.
        Execute("pragma foreign_keys = on");
        Execute("pragma synchronous = full");
        Execute("pragma cache_size = -16000");
        Execute("pragma temp_store = memory");
        Execute("pragma wal_autocheckpoint = 0");
        // The log keeps its size and is overwritten: where each commit makes the file longer, each fsync must write
        // the new length too, and takes several times as long.
        Execute("pragma journal_size_limit = 134217728");
    }

    public SqliteConnection Connection { get; }

    /// <summary>False when SQLite has rolled the whole transaction back by itself.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(Connection.Handle) == 0;

    /// <summary>How many pages it has written since it was asked last.</summary>
    public int TakeWrittenPages()
    {
        _ = raw.sqlite3_db_status(Connection.Handle, PagesWritten, out var pages, out _, 1);
        return pages;
    }

    /// <summary>Runs a constant of the program without preparing it.</summary>
    public void Execute(string constant)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = constant;
        command.ExecuteNonQuery();
    }

    /// <summary>Runs a statement to its end.</summary>
    public void Execute(Sql sql) => Run(sql, static _ => { });

    /// <summary>
    /// Runs a statement to its end; <paramref name="take"/> gets each row. The number of rows it changed.
    /// </summary>
    public int Run(Sql sql, Action<Row> take)
    {
        var statement = Prepare(sql);
        try
        {
            statement.Bind(sql.Args);
            while (statement.Step())
                take(statement);
            return statement.Changed;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>
    /// All rows of a query, or, with <paramref name="enough"/>, those up to the one for which it is true.
    /// </summary>
    public IReadOnlyList<T> List<T>(Sql sql, Func<Row, T> map, Func<T, bool>? enough = null)
    {
        var statement = Prepare(sql);
        try
        {
            statement.Bind(sql.Args);
            var rows = new List<T>();
            while (statement.Step())
            {
                var row = map(statement);
                rows.Add(row);
                if (enough?.Invoke(row) == true)
                    break;
            }
            return rows;
        }
        finally
        {
            statement.Reset();
        }
    }

    public void Dispose()
    {
        Forget();
        Connection.Dispose();
    }

    SqliteStatement Prepare(Sql sql)
    {
        if (_prepared.TryGetValue(sql.Text, out var known))
            return known;
        if (_prepared.Count >= MostPrepared)
            Forget();
        var statement = new SqliteStatement(Connection.Handle!, sql.Text);
        _prepared.Add(sql.Text, statement);
        return statement;
    }

    void Forget()
    {
        foreach (var statement in _prepared.Values)
            statement.Dispose();
        _prepared.Clear();
    }
}
