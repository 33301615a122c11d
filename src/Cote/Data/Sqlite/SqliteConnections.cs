using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Cote.Data;

/// <summary>One connection to the file with the statements it has prepared. Used by one caller at a time.</summary>
sealed class SqliteSession : IDisposable
{
    // The statements of the program are few; a store that builds ever new text would show here as memory.
    const int MostPrepared = 512;

    const int StablePlans = 1_007; // SQLITE_DBCONFIG_ENABLE_QPSG

    readonly Dictionary<string, SqliteStatement> _prepared = [];

    // Before the first connection: each of ours has one caller at a time, so that the engine's own locks around every call
    // guard nothing, and nobody asks how much memory it has taken.
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
        // What has grown stays, and is written over: where each commit makes the file longer, each fsync has to write down
        // that it is longer, and takes several times as long.
        Execute("pragma journal_size_limit = 134217728");
    }

    public SqliteConnection Connection { get; }

    /// <summary>False when SQLite has rolled the whole transaction back by itself.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(Connection.Handle) == 0;

    /// <summary>Runs a constant of the program once; what runs often is prepared.</summary>
    public void Execute(string constant)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = constant;
        command.ExecuteNonQuery();
    }

    /// <summary>Runs a statement to its end.</summary>
    public void Execute(Sql sql) => Run(sql, static _ => { });

    /// <summary>Runs a statement: what it answers is read by <paramref name="read"/>; how many rows it has changed.</summary>
    public int Run(Sql sql, Action<SqliteStatement> read)
    {
        var statement = Prepare(sql);
        try
        {
            statement.Bind(sql.Args);
            read(statement);
            while (statement.Step())
            {
                // an answer that nobody has read to its end
            }
            return statement.Changed;
        }
        finally
        {
            statement.Reset();
        }
    }

    public IReadOnlyList<T> List<T>(Sql sql, Func<Row, T> map, Func<T, bool>? enough)
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

/// <summary>A bounded set of read-only sessions that keep what they have prepared.</summary>
sealed class SqliteReadPool(string file, int most) : IDisposable
{
    readonly SemaphoreSlim _places = new(most);
    readonly Stack<SqliteSession> _idle = new();

    public async ValueTask<SqliteSession> RentAsync(CancellationToken ct)
    {
        await _places.WaitAsync(ct);
        lock (_idle)
            if (_idle.TryPop(out var session))
                return session;
        try
        {
            return new SqliteSession(file, SqliteOpenMode.ReadOnly);
        }
        catch
        {
            _places.Release();
            throw;
        }
    }

    public void Return(SqliteSession session)
    {
        lock (_idle)
            _idle.Push(session);
        _places.Release();
    }

    public void Discard(SqliteSession session)
    {
        session.Dispose();
        _places.Release();
    }

    public void Dispose()
    {
        lock (_idle)
            while (_idle.TryPop(out var session))
                session.Dispose();
        _places.Dispose();
    }
}

/// <summary>A session lent out for reading, alone or within one read transaction.</summary>
sealed class SqliteReadSession(SqliteReadPool readers, SqliteSession session, bool snapshot) : ReadSession
{
    bool _broken;

    public override ValueTask<IReadOnlyList<T>> ListAsync<T>(
        Sql sql, Func<Row, T> map, CancellationToken ct, Func<T, bool>? enough = null)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            return new(session.List(sql, map, enough));
        }
        catch (SqliteException error)
        {
            _broken = true;
            throw SqliteEngine.Translate(error);
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (snapshot && !_broken)
            session.Execute("rollback");
        if (_broken)
            readers.Discard(session);
        else
            readers.Return(session);
        return ValueTask.CompletedTask;
    }
}
