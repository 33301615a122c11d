using Microsoft.Data.Sqlite;

namespace Cote.Data;

/// <summary>A session rented for reading, alone or within one read transaction.</summary>
sealed class SqliteReadSession(SqliteReadPool pool, SqliteSession session, bool isSnapshot) : ReadSession
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
            throw SqliteErrors.ToProblem(error);
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (isSnapshot && !_broken)
            session.Execute("rollback");
        if (_broken)
            pool.Discard(session);
        else
            pool.Return(session);
        return ValueTask.CompletedTask;
    }
}
