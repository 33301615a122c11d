using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Cote.Data;

/// <summary>One connection to the file with the statements it has prepared. Used by one caller at a time.</summary>
sealed class SqliteSession : IDisposable
{
    // The statements of the program are few; a store that builds ever new text would show here as memory.
    const int MostPrepared = 512;

    readonly Dictionary<string, SqliteCommand> _prepared = [];

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
        // foreign_keys is per connection; FULL fsyncs at every commit, where NORMAL could lose what was acknowledged.
        Execute("pragma foreign_keys = on");
        Execute("pragma synchronous = full");
        Execute("pragma cache_size = -16000");
        Execute("pragma temp_store = memory");
        Execute("pragma wal_autocheckpoint = 0");
        Execute("pragma journal_size_limit = 16777216");
    }

    public SqliteConnection Connection { get; }

    /// <summary>False when SQLite has rolled the whole transaction back by itself.</summary>
    public bool InTransaction => SQLitePCL.raw.sqlite3_get_autocommit(Connection.Handle) == 0;

    /// <summary>Runs a constant of the program once; what runs often is prepared.</summary>
    public void Execute(string constant)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = constant;
        command.ExecuteNonQuery();
    }

    public void Execute(Sql sql) => Prepare(sql).ExecuteNonQuery();

    public SqliteCommand Prepare(Sql sql)
    {
        if (!_prepared.TryGetValue(sql.Text, out var command))
        {
            if (_prepared.Count >= MostPrepared)
                Forget();
            command = Connection.CreateCommand();
            command.CommandText = sql.Text;
            for (var i = 1; i <= sql.Args.Count; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            command.Prepare(); // without it the driver compiles the text anew at every execution
            _prepared.Add(sql.Text, command);
        }
        for (var i = 0; i < sql.Args.Count; i++)
        {
            var parameter = command.Parameters[i];
            parameter.SqliteType = sql.Args[i].Kind switch
            {
                Sql.ArgKind.Integer => SqliteType.Integer,
                Sql.ArgKind.Real => SqliteType.Real,
                Sql.ArgKind.Bytes => SqliteType.Blob,
                _ => SqliteType.Text,
            };
            parameter.Value = sql.Args[i].Value ?? DBNull.Value;
        }
        return command;
    }

    public IReadOnlyList<T> List<T>(Sql sql, Func<DbDataReader, T> map, Func<T, bool>? enough)
    {
        using var reader = Prepare(sql).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            var row = map(reader);
            rows.Add(row);
            if (enough?.Invoke(row) == true)
                break;
        }
        return rows;
    }

    public void Dispose()
    {
        Forget();
        Connection.Dispose();
    }

    void Forget()
    {
        foreach (var command in _prepared.Values)
            command.Dispose();
        _prepared.Clear();
    }
}

/// <summary>A bounded set of read-only sessions that keep what they have prepared.</summary>
sealed class SqliteReaders(string file, int most) : IDisposable
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
sealed class SqliteView(SqliteReaders readers, SqliteSession session, bool snapshot) : View
{
    bool _broken;

    public override ValueTask<IReadOnlyList<T>> ListAsync<T>(
        Sql sql, Func<DbDataReader, T> map, CancellationToken ct, Func<T, bool>? enough = null)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            return new(session.List(sql, map, enough));
        }
        catch (SqliteException error)
        {
            _broken = true;
            throw SqliteDialect.Translate(error);
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
