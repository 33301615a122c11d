using System.Collections.Concurrent;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// Claims replies and makes them. Word of them comes through the <see cref="ReplyQueue"/>; a sweep finds what was not
/// heard of, and what a crash left behind.
/// </summary>
sealed class ReplyLoop(ReplyQueue queue, ReplyRunContext context, bool onlyProcess) : BackgroundService
{
    static readonly TimeSpan PulseEvery = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan RenewAgainAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>The pause of a sweep after each chat.</summary>
    internal static readonly TimeSpan SpreadEach = TimeSpan.FromMilliseconds(5);

    readonly ConcurrentDictionary<ReplyRun, bool> _runs = [];
    readonly ConcurrentDictionary<Task, bool> _work = [];
    readonly ConcurrentQueue<(string UserId, string Id, long Attempt)> _dropped = [];
    readonly TimeSpan _sweepEvery = TimeSpan.FromSeconds(onlyProcess ? 5 : 2); // what a killed node left waits for a sweep
    HashSet<(string UserId, string Id, long Attempt)> _strays = [];
    volatile bool _starved;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (onlyProcess)
            await context.Replies.VoidLeasesAsync();
        var (pulse, sweep) = (PulseAsync(stoppingToken), SweepAsync(stoppingToken));
        try
        {
            await foreach (var work in queue.Reader.ReadAllAsync(stoppingToken))
                Track(DoAsync(work, stoppingToken));
        }
        catch (OperationCanceledException)
        {
            queue.Close();
            while (queue.Reader.TryRead(out var work))
                if (work.Claimed is { } reply)
                    Track(HandOverAsync(reply));
        }
        await Task.WhenAll(pulse, sweep);
        await Task.WhenAll(_work.Keys);
    }

    void Track(Task task)
    {
        _work[task] = true;
        task.ContinueWith(done => _work.TryRemove(done, out _), TaskScheduler.Default);
    }

    async Task DoAsync(ReplyJob work, CancellationToken stopping)
    {
        await Task.Yield(); // the one that hands out work must not build prompts
        var reply = work.Claimed;
        var place = reply is not null;
        try
        {
            if (reply is null)
            {
                place = queue.TryAcquireSlot();
                _starved |= !place;
                if (place)
                    reply = await context.Replies.ClaimAsync(work.UserId, work.ChatId);
            }
            if (reply is not null)
                await MakeAsync(reply, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // told to go: what was not written is taken up at the next start
        }
        catch (ProblemException error) when (error.Problem.Status >= 500)
        {
            context.Log.LogWarning("A reply in chat {Chat} waits: {Code}", work.ChatId, error.Problem.Code);
        }
#pragma warning disable CA1031 // the loop's top: one reply that fails must not take the others along; the sweep comes back to it
        catch (Exception error)
#pragma warning restore CA1031
        {
            context.Log.LogError(error, "A reply in chat {Chat} could not be made", work.ChatId);
        }
        finally
        {
            if (place)
                queue.ReleaseSlot();
        }
    }

    async Task MakeAsync(PendingReplyRow reply, CancellationToken stopping)
    {
        using var run = new ReplyRun(reply, context);
        _runs[run] = true;
        queue.Add(reply.UserId, reply.Id, run.Stop);
        try
        {
            await run.MakeAsync(stopping);
        }
        catch when (!stopping.IsCancellationRequested)
        {
            _dropped.Enqueue((run.UserId, run.ReplyId, run.Attempt));
            throw;
        }
        finally
        {
            queue.Remove(reply.UserId, reply.Id);
            _runs.TryRemove(run, out _);
        }
    }

    // Claimed by its send, and not begun.
    async Task HandOverAsync(PendingReplyRow reply)
    {
        try
        {
            await context.Replies.HandOverAsync(reply, reply.TextAttempt, reply.Content);
        }
        catch (ProblemException error)
        {
            context.Log.LogWarning("Reply {Reply} could not be handed over: {Code}", reply.Id, error.Problem.Code);
        }
    }

    // One timer for all runs: checkpoints and leases. Nothing that may take long stands here: text that is not kept in
    // time would be lost by a kill, and a lease that is not renewed in time would be another's.
    async Task PulseAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(PulseEvery, context.Clock.Provider);
        var asked = context.Clock.Ticks;
        ShowForALease(asked); // a node that falls asleep before it has renewed for the first time is as silent when it wakes
        var renewing = Task.FromResult(true);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                foreach (var run in _runs.Keys)
                    run.CheckpointIfDue();
                // Beside the checkpoints: a database that does not answer must not keep them from being tried.
                if (!renewing.IsCompleted || context.Clock.Since(asked) < (await renewing ? context.Replies.Lease.RenewEvery : RenewAgainAfter))
                    continue;
                asked = context.Clock.Ticks;
                renewing = RenewAsync();
            }
        }
        catch (OperationCanceledException)
        {
            await renewing;
        }
    }

    async Task SweepAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(PulseEvery, context.Clock.Provider);
        try
        {
            do
            {
                var swept = context.Clock.Ticks;
                _starved = false;
                await WakeIdleAsync(stopping);
                while (!_starved && context.Clock.Since(swept) < _sweepEvery)
                    await timer.WaitForNextTickAsync(stopping);
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    async Task<bool> RenewAsync()
    {
        try
        {
            queue.ForgetEarlyStops();
            // Before the leases are renewed, which would keep a reply that nobody makes any more running for ever.
            while (_dropped.TryPeek(out var reply))
            {
                await context.Replies.DropAsync(reply.UserId, reply.Id, reply.Attempt);
                _dropped.TryDequeue(out _);
            }
            var (began, runs) = (context.Clock.Ticks, _runs.Keys);
            var mine = await context.Replies.RenewAsync();
            LoseOthers(runs, mine);
            ShowForALease(began); // not before: a node that slept would show what others have made meanwhile
            await CompareAsync(mine);
            return true;
        }
        catch (ProblemException error)
        {
            context.Log.LogWarning("The leases could not be renewed: {Code}", error.Problem.Code);
            return false;
        }
#pragma warning disable CA1031 // the loop's top: without it no lease would ever be renewed again
        catch (Exception error)
#pragma warning restore CA1031
        {
            context.Log.LogError(error, "The leases could not be renewed");
            return false;
        }
    }

    void ShowForALease(long from)
    {
        if (!onlyProcess)
            context.Feeds.ShowUntil(from + (long)(context.Replies.Lease.Length.TotalSeconds * context.Clock.Provider.TimestampFrequency));
    }

    // A run whose row is another's ends without a word.
    static void LoseOthers(IEnumerable<ReplyRun> runs, IReadOnlyList<HeldLease> mine)
    {
        var ids = mine.Select(x => (x.UserId, x.Id)).ToHashSet();
        foreach (var run in runs)
            if (!ids.Contains((run.UserId, run.ReplyId)))
                run.Lose();
    }

    // A row that nothing here makes was claimed by a commit whose answer was lost, and goes back to whoever has a place.
    async Task CompareAsync(IReadOnlyList<HeldLease> mine)
    {
        foreach (var reply in mine.Where(x => x.StopWanted))
            queue.StopHere(reply.UserId, reply.Id);
        var strays = mine.Where(x => !queue.IsRunning(x.UserId, x.Id)).Select(x => (x.UserId, x.Id, x.Attempt)).ToHashSet();
        foreach (var (userId, id, attempt) in strays.Where(_strays.Contains)) // seen twice: not one that is just about to begin
        {
            context.Log.LogWarning("Reply {Reply} was claimed here without anybody knowing", id);
            await context.Replies.DropAsync(userId, id, attempt);
        }
        _strays = strays;
    }

    async Task WakeIdleAsync(CancellationToken stopping)
    {
        try
        {
            // Spread, so that a start after a crash does not call the model a thousand times in one instant.
            foreach (var (userId, chatId) in await context.Replies.ListIdleAsync(stopping))
            {
                queue.Wake(userId, chatId);
                await Task.Delay(SpreadEach, context.Clock.Provider, stopping);
            }
        }
        catch (ProblemException error)
        {
            context.Log.LogWarning(error, "The sweep for waiting replies could not be made");
        }
    }
}
