using System.Collections.Concurrent;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// The timer of all runs: checkpoints and leases. Nothing that may take long runs here: text that is not written in
/// time would be lost by a kill, and a lease that is not renewed in time would be taken by another node.
/// </summary>
sealed class LeaseLoop(
    RunningReplies running, ReplyLeases leases, StreamingReplies streaming, LeaseOptions options, DatabaseEngine engine,
    Clock clock,
    ILogger<LeaseLoop> log) : BackgroundService
{
    static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan RenewAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly ConcurrentQueue<(string UserId, string Id, long Attempt)> _dropped = [];
    HashSet<(string UserId, string Id, long Attempt)> _withoutRun = [];

    /// <summary>Gives the lease of a failed run back, before the next renewal.</summary>
    public void Drop(ReplyRun run) => _dropped.Enqueue((run.UserId, run.ReplyId, run.Attempt));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(TickEvery, clock.Provider);
        var renewedAt = clock.Ticks;
        ShowForALease(renewedAt); // A node that sleeps before its first renewal is as silent when it wakes.
        var renewal = Task.FromResult(true);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var run in running.List())
                    run.CheckpointIfDue();
                // Beside the checkpoints: a database that does not answer must not keep them from being tried.
                if (!renewal.IsCompleted
                    || clock.Since(renewedAt) < (await renewal ? options.RenewEvery : RenewAgainAfter))
                    continue;
                renewedAt = clock.Ticks;
                renewal = RenewAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await renewal;
        }
    }

    async Task<bool> RenewAsync()
    {
        try
        {
            running.ForgetEarlyStops();
            // Before the renewal, which would keep a reply without a run running for ever.
            while (_dropped.TryPeek(out var reply))
            {
                await leases.DropAsync(reply.UserId, reply.Id, reply.Attempt);
                _dropped.TryDequeue(out _);
            }
            var (began, runs) = (clock.Ticks, running.List());
            var held = await leases.RenewAsync();
            LoseOthers(runs, held);
            ShowForALease(began); // Not before: a node that slept would show what others have made meanwhile.
            await CompareAsync(held);
            return true;
        }
        catch (ProblemException error)
        {
            log.LeasesNotRenewed(error.Problem.Code);
            LoopMetrics.Failed(nameof(LeaseLoop), error.Problem.Code);
            return false;
        }
#pragma warning disable CA1031 // Top of the loop: without this catch no lease would ever be renewed again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            log.LeaseRenewalFailed(error);
            LoopMetrics.Failed(nameof(LeaseLoop));
            return false;
        }
    }

    void ShowForALease(long from)
    {
        if (!engine.IsSingleProcess)
            streaming.ShowUntil(from + (long)(options.Length.TotalSeconds * clock.Provider.TimestampFrequency));
    }

    static void LoseOthers(IEnumerable<ReplyRun> runs, IReadOnlyList<HeldLease> held)
    {
        var ids = held.Select(x => (x.UserId, x.ReplyId)).ToHashSet();
        foreach (var run in runs)
            if (!ids.Contains((run.UserId, run.ReplyId)))
                run.Lose();
    }

    // A lease without a run was claimed by a commit whose answer was lost. It is given back when it is seen twice: the
    // first time its run may be just about to begin.
    async Task CompareAsync(IReadOnlyList<HeldLease> held)
    {
        foreach (var lease in held.Where(x => x.IsStopRequested))
            running.StopHere(lease.UserId, lease.ReplyId);
        var withoutRun = held.Where(x => !running.Contains(x.UserId, x.ReplyId))
            .Select(x => (x.UserId, x.ReplyId, x.Attempt)).ToHashSet();
        foreach (var (userId, id, attempt) in withoutRun.Where(_withoutRun.Contains))
        {
            log.LeaseWithoutRun(id);
            await leases.DropAsync(userId, id, attempt);
        }
        _withoutRun = withoutRun;
    }
}
