using Microsoft.Data.Sqlite;

namespace Cote.Data;

/// <summary>A bounded set of read-only sessions that keep their prepared statements.</summary>
#pragma warning disable CA1001 // A semaphore whose wait handle is never asked for holds nothing to dispose of.
sealed class SqliteReadPool(string file, int capacity) : IDisposable
#pragma warning restore CA1001
{
    readonly SemaphoreSlim _free = new(capacity);
    readonly Stack<SqliteSession> _idle = new();
    bool _isDisposed;

    /// <summary>
    /// A session for one read. Throws <see cref="Problems.ShuttingDown"/> where the database is closed.
    /// </summary>
    public async ValueTask<SqliteSession> RentAsync(CancellationToken ct)
    {
        await _free.WaitAsync(ct);
        try
        {
            lock (_idle)
            {
                if (_isDisposed)
                    throw new ProblemException(Problems.ShuttingDown);
                if (_idle.TryPop(out var session))
                    return session;
            }
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
            if (_isDisposed)
                session.Dispose();
            else
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
        {
            _isDisposed = true;
            while (_idle.TryPop(out var session))
                session.Dispose();
        }
    }
}
