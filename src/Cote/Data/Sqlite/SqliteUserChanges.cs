using SQLitePCL;

namespace Cote.Data;

/// <summary>
/// Counts the commits that changed a row of <c>users</c>, whoever wrote it: all writes go through the one writer of
/// this process. The engine tells of each row before its commit, the writer of each commit before it is answered.
/// </summary>
sealed class SqliteUserChanges
{
    long _commits;
    bool _isChanged; // Of the writer's thread alone.

    /// <summary>A row that was read at this count is the same as long as the count is.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Listens to a session that writes.</summary>
    public SqliteSession Watch(SqliteSession session)
    {
        raw.sqlite3_update_hook(session.Connection.Handle, OnRow, null);
        return session;
    }

    /// <summary>A group was committed, or was not: who reads from now on reads anew.</summary>
    public void OnCommitted()
    {
        if (!_isChanged)
            return;
        _isChanged = false;
        Interlocked.Increment(ref _commits);
    }

    void OnRow(object? user, int change, string database, string table, long row) => _isChanged |= table == "users";
}
