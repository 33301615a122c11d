using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>
/// The one writer of the embedded database. It takes the queued batches, commits them as a group with one fsync, and
/// only then answers the callers. It never waits for more batches: a group forms while the fsync before it runs.
/// </summary>
sealed class SqliteWriter : IDisposable
{
    const int MostInGroup = 256;
    static readonly TimeSpan LongestGroup = TimeSpan.FromMilliseconds(2);
    static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(1);

    static readonly Sql Begin = $"begin immediate";
    static readonly Sql End = $"commit";
    static readonly Sql Savepoint = $"savepoint batch";
    static readonly Sql Release = $"release batch";
    static readonly Sql RollBack = $"rollback to batch";
    static readonly Sql RollBackGroup = $"rollback";
    static readonly Sql Probe =
        $"insert into meta (key, value) values ('probe', '1') on conflict (key) do update set value = '1'";

    readonly BlockingCollection<Pending> _queue;
    readonly SqliteUserChanges _users;
    readonly Func<SqliteSession> _open;
    readonly Clock _clock;
    readonly ILogger _log;
    readonly Thread _thread;
    readonly SqliteCheckpoints _checkpoints;
    readonly Timer _probes;
    SqliteSession? _session;
    volatile bool _healthy = true;

    public SqliteWriter(
        Func<SqliteSession> open, int capacity, Clock clock, ILogger log, SqliteUserChanges? users = null)
    {
        _users = users ?? new();
        (_open, _clock, _log) = (open, clock, log);
        _queue = new(capacity);
        _session = open();
        _checkpoints = new(open, clock, log);
        _thread = new Thread(Run) { Name = "sqlite writer", IsBackground = true };
        _thread.Start();
        _probes = new Timer(_ => ProbeIfRefused(), null, ProbeEvery, ProbeEvery);
    }

    public bool IsHealthy => _healthy;

    public int Waiting => _queue.Count;

    public Task<Outcome> WriteAsync(WriteBatch batch)
    {
        var pending = new Pending(batch);
        try
        {
            if (!_queue.TryAdd(pending))
            {
                DataMetrics.OnRefused();
                throw new ProblemException(Problems.Busy);
            }
        }
        catch (InvalidOperationException) // closed, or already disposed
        {
            throw new ProblemException(Problems.ShuttingDown);
        }
        return pending.Done.Task;
    }

    public void Dispose()
    {
        using (var ended = new ManualResetEvent(false))
            if (_probes.Dispose(ended))
                ended.WaitOne();
        _checkpoints.Dispose();
        _queue.CompleteAdding();
        _thread.Join();
        _session?.Dispose();
        _queue.Dispose();
    }

    void Run()
    {
        var group = new List<Pending>(MostInGroup);
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            group.Clear();
            group.Add(first);
            try
            {
                try
                {
                    Commit(group);
                }
                finally
                {
                    _users.OnCommitted();
                }
                foreach (var pending in group)
                    pending.Answer();
            }
#pragma warning disable CA1031 // Top of the loop: every caller of the group must get the error, of whatever kind.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Fail(group, error);
            }
        }
    }

    void Commit(List<Pending> group)
    {
        var session = _session ??= Reopen();
        var began = _clock.Ticks;
        session.Execute(Begin);
        try
        {
            Gather(group, x => Run(session, x.Batch));
        }
#pragma warning disable CA1031 // What reads a row may be a host's code: its fault is not that of the other batches.
        catch (Exception) when (session.InTransaction)
#pragma warning restore CA1031
        {
            // One batch was refused, as a repeated send is: the group begins again, each batch in a savepoint.
            // Savepoints from the start would cost a copy of every page that a batch touches, for the many that are
            // never refused.
            session.Execute(RollBackGroup);
            session.Execute(Begin);
            Gather(group, x => RunApart(session, x));
        }
        session.Execute(End);
        DataMetrics.OnCommitted(group.Count, _clock.Since(began));
        _checkpoints.OnCommitted(session.TakeWrittenPages());
        _checkpoints.RestartIfLong(session);
        if (!_healthy)
            _log.WritesAccepted();
        _healthy = true;
    }

    // Runs the batches of the group, and those that are queued by then.
    void Gather(List<Pending> group, Action<Pending> run)
    {
        var began = _clock.Ticks;
        for (var i = 0; i < group.Count; i++)
        {
            run(group[i]);
            if (i == group.Count - 1 && i < MostInGroup - 1 && _clock.Since(began) < LongestGroup
                && _queue.TryTake(out var next))
                group.Add(next);
        }
    }

    static void Run(SqliteSession session, WriteBatch batch)
    {
        foreach (var statement in batch.Statements)
        {
            if (statement.IsLock) // there is no other writer
                continue;
            statement.Begin();
            statement.Changed = session.Run(statement.Sql, statement.Take);
        }
    }

    static void RunApart(SqliteSession session, Pending pending)
    {
        session.Execute(Savepoint);
        try
        {
            Run(session, pending.Batch);
            session.Execute(Release);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception error) when (session.InTransaction)
#pragma warning restore CA1031
        {
            // FULL, IOERR and NOMEM roll the whole transaction back: then the whole group fails.
            session.Execute(RollBack);
            session.Execute(Release);
            pending.Refuse(error);
        }
    }

    void Fail(List<Pending> group, Exception error)
    {
        // A full disk leaves the connection usable. After any other error of input or output nothing that the
        // connection remembers can be trusted: it is opened anew, and must write before it is used again.
        var isFull = error is SqliteException refusal && SqliteErrors.IsDiskFull(refusal);
        _healthy = false;
        _log.WritesRefused(error, group.Count);
        try
        {
            if (_session is { InTransaction: true })
                _session.Execute("rollback");
            if (!isFull)
            {
                _session?.Dispose();
                _session = null;
            }
        }
        catch (SqliteException again)
        {
            _log.CloseFailed(again);
            _session = null;
        }
        foreach (var pending in group)
            pending.Fail(error is SqliteException sqlite ? SqliteErrors.ToProblem(sqlite) : error);
    }

    SqliteSession Reopen()
    {
        var session = _open();
        try
        {
            session.Execute(Begin);
            session.Execute(Probe);
            session.Execute(End);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // A balancer that routes by readiness sends no writes to a node that is not ready: the node must try by itself.
    void ProbeIfRefused()
    {
        if (_healthy)
            return;
        var batch = new WriteBatch();
        batch.Execute(Probe);
        _queue.TryAdd(new Pending(batch));
    }

    sealed class Pending(WriteBatch batch)
    {
        Exception? _refusal;

        public WriteBatch Batch => batch;

        public TaskCompletionSource<Outcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Refuse(Exception error) => _refusal = error;

        public void Fail(Exception error) => Done.TrySetException(error);

        public void Answer()
        {
            if (_refusal is null)
                Done.TrySetResult(Outcome.Committed);
            else if (_refusal is not SqliteException refusal)
                Done.TrySetException(_refusal);
            else if (SqliteErrors.IsConflict(refusal))
                Done.TrySetResult(Outcome.Conflict);
            else
                Done.TrySetException(SqliteErrors.ToProblem(refusal));
        }
    }
}
