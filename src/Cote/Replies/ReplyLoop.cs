using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Cote.Cluster;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// Takes jobs from the <see cref="ReplyScheduler"/>, claims their replies and runs them. When the server begins to stop
/// it hands its replies over at once; the loop itself ends later, after the last request that may claim one.
/// </summary>
sealed class ReplyLoop(
    ReplyScheduler scheduler, ReplyRunContext context, RunningReplies running, LeaseLoop leases, IdleReplyLoop idle,
    EarlierNodes earlier, DatabaseEngine engine, IHostApplicationLifetime lifetime, ILogger<ReplyLoop> log)
    : BackgroundService
{
    static readonly TimeSpan VoidAgainAfter = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<Task, bool> _tasks = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        // The framework stops its services one by one, and before this one the listener, which waits for slow clients.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(
            stoppingToken, lifetime.ApplicationStopping);
        try
        {
            await VoidLeasesAsync(stopping.Token);
            // A send runs this loop on its own thread, and may come from a context of its host, which is not ours.
            await foreach (var job in scheduler.Jobs.ReadAllAsync(stopping.Token).ConfigureAwait(false))
                Track(RunAsync(job, stopping.Token));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            scheduler.Close();
        }
        await HandOverLateClaimsAsync(stoppingToken);
        await Task.WhenAll(_tasks.Keys);
    }

    // A send that got its slot before the stop may claim its reply after it.
    async Task HandOverLateClaimsAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await scheduler.Jobs.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
                HandOverWaiting();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            HandOverWaiting();
        }
    }

    void HandOverWaiting()
    {
        while (scheduler.Jobs.TryRead(out var job))
            if (job.Claimed is { } reply)
                Track(HandOverAsync(reply));
    }

    // A full disk at the start must not end the program: it serves reads, and claims replies once there is room.
    async Task VoidLeasesAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                if (engine.IsSingleProcess)
                {
                    await context.Leases.VoidAllAsync();
                    idle.Wake(); // Its first round may have come before, and found them held.
                }
                else if (earlier.Ids.Count > 0)
                    await TakeUpAsync(ct);
                return;
            }
            catch (ProblemException error)
            {
                log.LeasesNotVoided(error.Problem.Code);
                await Task.Delay(VoidAgainAfter, context.Clock.Provider, ct);
            }
        }
    }

    // Its own replies of before a crash, without the wait for the end of their leases.
    async Task TakeUpAsync(CancellationToken ct)
    {
        var chats = await context.Leases.VoidOfAsync(earlier.Ids);
        earlier.Forget();
        foreach (var (userId, chatId) in chats)
        {
            scheduler.Wake(userId, chatId);
            await Task.Delay(IdleReplyLoop.SpreadEach, context.Clock.Provider, ct);
        }
    }

    void Track(Task task)
    {
        _tasks[task] = true;
        task.ContinueWith(done => _tasks.TryRemove(done, out _), TaskScheduler.Default);
    }

    static ConfiguredTaskAwaitable LeaveLoop() =>
        Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    async Task RunAsync(ReplyJob job, CancellationToken stopping)
    {
        await LeaveLoop(); // It hands out jobs, and must not build prompts.
        var reply = job.Claimed;
        var hasSlot = reply is not null;
        try
        {
            if (reply is null)
            {
                hasSlot = scheduler.TryAcquireSlot(job.UserId, job.ChatId);
                if (hasSlot)
                    reply = await context.Leases.ClaimAsync(job.UserId, job.ChatId);
            }
            if (reply is not null)
                await RunAsync(reply, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What was not written is taken up at the next start.
        }
        catch (ProblemException error) when (error.Problem.Status >= 500)
        {
            log.ReplyWaits(job.ChatId, error.Problem.Code);
        }
#pragma warning disable CA1031 // Top of the job: one reply that fails must not take the others along.
        catch (Exception error)
#pragma warning restore CA1031
        {
            log.ReplyRunFailed(error, job.ChatId);
        }
        finally
        {
            if (hasSlot)
                scheduler.ReleaseSlot(job.UserId);
        }
    }

    async Task RunAsync(PendingReplyRow reply, CancellationToken stopping)
    {
        using var run = new ReplyRun(reply, context);
        running.Add(run);
        try
        {
            await run.RunAsync(stopping);
        }
        catch when (!stopping.IsCancellationRequested)
        {
            leases.Drop(run);
            throw;
        }
        finally
        {
            running.Remove(run);
        }
    }

    // It was claimed by its send, and its run has not begun.
    async Task HandOverAsync(PendingReplyRow reply)
    {
        await LeaveLoop();
        try
        {
            await context.Leases.HandOverAsync(reply, reply.Text, reply.Text.Saved, null);
        }
        catch (ProblemException error)
        {
            log.ReplyNotHandedOver(reply.Id, error.Problem.Code);
        }
    }
}
