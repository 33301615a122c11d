using System.Collections.Concurrent;
using Cote.Messages;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Assistants;

/// <summary>
/// Claims replies and makes them. Word of them comes through the <see cref="ReplyQueue"/>; a sweep finds what was not
/// heard of, and what a crash left behind.
/// </summary>
sealed class ReplyLoop(ReplyQueue queue, RunSources house, bool onlyProcess) : BackgroundService
{
    static readonly TimeSpan PulseEvery = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(5);
    static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(5);
    static readonly TimeSpan SpreadEach = TimeSpan.FromMilliseconds(5);

    readonly ConcurrentDictionary<Run, bool> _runs = [];
    readonly ConcurrentDictionary<Task, bool> _work = [];
    readonly ConcurrentQueue<OpenRow> _dropped = [];
    volatile bool _starved;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (onlyProcess)
            await house.Replies.VoidLeasesAsync();
        var (pulse, sweep) = (PulseAsync(stoppingToken), SweepAsync(stoppingToken));
        try
        {
            await foreach (var work in queue.Reader.ReadAllAsync(stoppingToken))
                Track(DoAsync(work, stoppingToken));
        }
        catch (OperationCanceledException)
        {
            queue.Close();
        }
        await Task.WhenAll(pulse, sweep);
        await Task.WhenAll(_work.Keys);
    }

    void Track(Task task)
    {
        _work[task] = true;
        task.ContinueWith(done => _work.TryRemove(done, out _), TaskScheduler.Default);
    }

    async Task DoAsync(Work work, CancellationToken stopping)
    {
        await Task.Yield(); // the one that hands out work must not build prompts
        var reply = work.Claimed;
        var place = reply is not null;
        try
        {
            if (reply is null)
            {
                place = queue.TryTakePlace();
                _starved |= !place;
                if (place)
                    reply = await house.Replies.ClaimAsync(work.UserId, work.ChatId);
            }
            if (reply is not null)
                await MakeAsync(reply, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // told to go: what was not written is taken up at the next start
        }
#pragma warning disable CA1031 // the loop's top: one reply that fails must not take the others along; the sweep comes back to it
        catch (Exception error)
#pragma warning restore CA1031
        {
            house.Log.LogError(error, "A reply in chat {Chat} could not be made", work.ChatId);
            if (reply is not null)
                _dropped.Enqueue(reply);
        }
        finally
        {
            if (place)
                queue.GivePlaceBack();
        }
    }

    async Task MakeAsync(OpenRow reply, CancellationToken stopping)
    {
        using var run = new Run(reply, house);
        _runs[run] = true;
        queue.Add(reply.UserId, reply.Id, run.Stop);
        try
        {
            await run.MakeAsync(stopping);
        }
        finally
        {
            queue.Remove(reply.UserId, reply.Id);
            _runs.TryRemove(run, out _);
        }
    }

    // One timer for all runs: checkpoints and leases. Nothing that may take long stands here: text that is not kept in
    // time would be lost by a kill, and a lease that is not renewed in time would be another's.
    async Task PulseAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(PulseEvery, house.Clock.Provider);
        var renewed = house.Clock.Ticks;
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                foreach (var run in _runs.Keys)
                    run.CheckpointIfDue();
                if (house.Clock.Since(renewed) < RenewEvery)
                    continue;
                renewed = house.Clock.Ticks;
                await RenewAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    async Task SweepAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(PulseEvery, house.Clock.Provider);
        try
        {
            do
            {
                var swept = house.Clock.Ticks;
                _starved = false;
                await WakeIdleAsync(stopping);
                while (!_starved && house.Clock.Since(swept) < SweepEvery)
                    await timer.WaitForNextTickAsync(stopping);
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    async Task RenewAsync()
    {
        try
        {
            queue.Tidy();
            // Before the leases are renewed, which would keep a reply that nobody makes any more running for ever.
            while (_dropped.TryPeek(out var reply))
            {
                await house.Replies.DropAsync(reply);
                _dropped.TryDequeue(out _);
            }
            if (!_runs.IsEmpty)
                await house.Replies.RenewAsync();
        }
        catch (ProblemException error)
        {
            house.Log.LogWarning(error, "The leases could not be renewed");
        }
    }

    async Task WakeIdleAsync(CancellationToken stopping)
    {
        try
        {
            // Spread, so that a start after a crash does not call the model a thousand times in one instant.
            foreach (var (userId, chatId) in await house.Replies.ListIdleAsync(stopping))
            {
                queue.Wake(userId, chatId);
                await Task.Delay(SpreadEach, house.Clock.Provider, stopping);
            }
        }
        catch (ProblemException error)
        {
            house.Log.LogWarning(error, "The sweep for waiting replies could not be made");
        }
    }
}
