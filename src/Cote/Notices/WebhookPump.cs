using System.Runtime.CompilerServices;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>
/// Tells one endpoint, some things at once. Each endpoint has a pump of its own: one that is slow or gone keeps none
/// waiting but itself.
/// </summary>
sealed class WebhookPump(
    WebhookEndpoint endpoint, WebhookStore store, WebhookPace pace, Outside outside, Clock clock, ILogger log)
    : IDisposable
{
    const int AtOnce = 8;
    static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    readonly WebhookSender _sender = new(endpoint, outside, clock);
    readonly Wakeup _wakeup = new();
    volatile bool _isFailing;

    /// <summary>Something may be due.</summary>
    public void Wake() => _wakeup.Set();

    /// <summary>
    /// Tells what is due, as soon as it is, until it is cancelled. What is on its way then has the time of a request to
    /// end: another node would send it again.
    /// </summary>
    public Task RunAsync(CancellationToken ct) => Parallel.ForEachAsync(
        ClaimAsync(ct), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
        async (webhook, _) =>
        {
            try
            {
                await TellAsync(webhook, ct);
            }
            catch (ProblemException error)
            {
                // It was not noted: when the lease has lapsed, it is told again.
                log.WebhooksDelayed(endpoint.Name, error.Problem.Code);
            }
        });

    async IAsyncEnumerable<Webhook> ClaimAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var taken = new Queue<Webhook>();
        try
        {
            while (true)
            {
                foreach (var webhook in await ClaimSomeAsync(ct))
                    taken.Enqueue(webhook);
                while (taken.TryDequeue(out var next))
                    yield return next;
            }
        }
        finally
        {
            // It was taken, and nobody has come for it: this node ends.
            while (taken.TryDequeue(out var left))
                await ReleaseAsync(left);
        }
    }

    async Task ReleaseAsync(Webhook webhook)
    {
        try
        {
            await store.ReleaseAsync(webhook);
        }
        catch (ProblemException error)
        {
            log.WebhooksDelayed(endpoint.Name, error.Problem.Code);
        }
    }

    // What is due; where nothing is, none, after a wait.
    async Task<IReadOnlyList<Webhook>> ClaimSomeAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            var due = await store.FindDueAsync(endpoint.Name, ct);
            _isFailing = due.IsFailing;
            if (due.IsDue)
                return await store.ClaimAsync(endpoint.Name, AtOnce, due.IsDown);
            await _wakeup.WaitAsync(WaitFor(due.DueAt), clock.Provider, ct);
        }
        catch (ProblemException error)
        {
            log.WebhooksDelayed(endpoint.Name, error.Problem.Code);
            await Task.Delay(AfterFault, clock.Provider, ct);
        }
        return [];
    }

    TimeSpan WaitFor(Timestamp? dueAt)
    {
        var wait = dueAt is { } due
            ? TimeSpan.FromMilliseconds(due.Milliseconds - clock.Now.Milliseconds) : pace.Every;
        return wait < pace.Every ? wait : pace.Every;
    }

    async Task TellAsync(Webhook webhook, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
        {
            await ReleaseAsync(webhook);
            return;
        }
        var answer = await _sender.SendAsync(webhook, CancellationToken.None);
        if (answer.IsSuccess)
        {
            // What waits comes first: after a crash between the two the endpoint is still down, and is probed again.
            if (webhook.IsProbe)
                await store.LetAllBeDueAsync(endpoint.Name);
            await store.EndAsync(endpoint.Name, webhook, _isFailing);
            NoticeMetrics.OnWebhookTaken(endpoint.Name);
            if (webhook.IsProbe)
                _wakeup.Set();
            return;
        }
        var isOver = await store.FailAsync(endpoint.Name, webhook, answer.Fault, pace.GapAfter(webhook.Tries));
        NoticeMetrics.OnWebhookFailed(endpoint.Name, isOver);
        if (isOver)
            log.WebhookFailed(webhook.Id, webhook.Type, endpoint.Name, webhook.Tries, answer.Fault);
        else
            log.WebhookDelayed(webhook.Id, webhook.Type, endpoint.Name, answer.Fault);
        _isFailing = true;
        _wakeup.Set(); // Its next try may be the next that is due.
    }

    public void Dispose() => _sender.Dispose();
}
