using Microsoft.Data.Sqlite;

namespace Cote.Data;

/// <summary>A bounded set of read-only sessions that keep their prepared statements.</summary>
sealed class SqliteReadPool(string file, int capacity) : IDisposable
{
    readonly SemaphoreSlim _free = new(capacity);
    readonly Stack<SqliteSession> _idle = new();

    public async ValueTask<SqliteSession> RentAsync(CancellationToken ct)
    {
        await _free.WaitAsync(ct);
        lock (_idle)
            if (_idle.TryPop(out var session))
                return session;
        try
        {
            return new SqliteSession(file, SqliteOpenMode.ReadOnly);
        }
        catch
        {
            _free.Release();
            throw;
        }
    }

    public void Return(SqliteSession session)
    {
        lock (_idle)
            _idle.Push(session);
        _free.Release();
    }

    public void Discard(SqliteSession session)
    {
        session.Dispose();
        _free.Release();
    }

    public void Dispose()
    {
        lock (_idle)
            while (_idle.TryPop(out var session))
                session.Dispose();
        _free.Dispose();
    }
}
