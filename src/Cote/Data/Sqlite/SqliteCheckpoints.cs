using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>
/// Moves the write-ahead log into the database, on a connection of its own and off the writer's path. It does so often
/// and little at a time: its fsync shares the disk with those of the commits, and a long one holds them all up.
/// </summary>
sealed class SqliteCheckpoints : IDisposable
{
    const int ManyPages = 512;
    static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    static readonly Sql MoveLog = $"pragma wal_checkpoint(passive)";
    static readonly Sql Restart = $"pragma wal_checkpoint(restart)";

    readonly Func<SqliteSession> _open;
    readonly Clock _clock;
    readonly ILogger _log;
    readonly long _longLog;
    readonly Timer _timer;
    SqliteSession? _session;
    int _pages; // Those that were written since the last checkpoint began.
    long? _heldAt; // When a reader kept the log from beginning again.
    volatile bool _mustRestart;
    volatile bool _isDisposed;

    /// <param name="open">Opens its connection.</param>
    /// <param name="clock">Measures how long a reader has held the log.</param>
    /// <param name="log">Takes its log lines.</param>
    /// <param name="longLog">From how many pages on the log is to begin again.</param>
    public SqliteCheckpoints(Func<SqliteSession> open, Clock clock, ILogger log, long longLog = (64 << 20) / 4_096)
    {
        (_open, _clock, _log, _longLog) = (open, clock, log, longLog);
        _timer = new Timer(_ => Run(), null, Every, Every);
    }

    /// <summary>Whether a reader kept the log from beginning again.</summary>
    public bool IsHeld => _heldAt is not null;

    /// <summary>The writer has committed so many pages.</summary>
    public void OnCommitted(int pages)
    {
        var before = Volatile.Read(ref _pages);
        if (before < ManyPages && Interlocked.Add(ref _pages, pages) >= ManyPages)
            _timer.Change(TimeSpan.Zero, Every);
        else if (before >= ManyPages)
            Interlocked.Add(ref _pages, pages);
    }

    /// <summary>
    /// Lets the log begin again from its beginning, where it is long: while commits follow each other it never does so
    /// by itself. The writer calls this between two groups.
    /// </summary>
    public void RestartIfLong(SqliteSession writer)
    {
        if (!_mustRestart || _heldAt is { } at && _clock.Since(at) < Every)
            return;
        _mustRestart = false;
        // A reader may hold it for longer than writes can wait: then it is tried again a second later.
        writer.Execute("pragma busy_timeout = 100");
        var (isBusy, pages) = writer.List(Restart, row => (row.GetInt64(0) != 0, row.GetInt64(1))) is [var row] ? row
            : default;
        writer.Execute("pragma busy_timeout = 5000");
        // Without a number of pages it was a checkpoint of the other connection, for which the engine never waits.
        var isOther = isBusy && pages < 0;
        _mustRestart |= isOther;
        _heldAt = isBusy && !isOther ? _clock.Ticks : null;
        if (!isBusy)
            Volatile.Write(ref _pages, 0);
    }

    public void Dispose()
    {
        _isDisposed = true;
        using (var ended = new ManualResetEvent(false))
            if (_timer.Dispose(ended))
                ended.WaitOne();
        _session?.Dispose();
    }

    void Run()
    {
        if (!Monitor.TryEnter(_timer))
            return;
        try
        {
            bool isMuchLeft;
            do
            {
                Volatile.Write(ref _pages, 0);
                // The pragma returns how much of the log is in use; the file is longer.
                var length = (_session ??= _open()).List(MoveLog, row => row.GetInt64(1)) is [var pages] ? pages : 0;
                isMuchLeft = Volatile.Read(ref _pages) >= ManyPages;
                // What is left now is moved by the writer itself, while all writes wait: it needs the lock of
                // checkpoints, which a next one would take from it.
                _mustRestart = length > _longLog && !isMuchLeft || length > 2 * _longLog;
            }
            while (isMuchLeft && !_mustRestart && !_isDisposed);
        }
        catch (SqliteException error)
        {
            _log.CheckpointFailed(error);
            _session?.Dispose();
            _session = null;
        }
        finally
        {
            Monitor.Exit(_timer);
        }
    }
}
