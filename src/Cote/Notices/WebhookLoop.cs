using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>How often it is looked for what other nodes have left, and how long each try waits for the next.</summary>
sealed record WebhookPace(TimeSpan Every, IReadOnlyList<TimeSpan> Gaps)
{
    public static readonly WebhookPace Default = new(TimeSpan.FromSeconds(10),
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
        TimeSpan.FromHours(1), TimeSpan.FromHours(3),
    ]);

    /// <summary>The gap after so many tries; the last one repeats.</summary>
    public TimeSpan GapAfter(long tries) => Gaps[(int)Math.Min(tries, Gaps.Count) - 1];
}

/// <summary>Tells all endpoints, each at its own pace.</summary>
sealed class WebhookLoop(
    WebhookEndpoints endpoints, WebhookStore store, Outbox outbox, WebhookPace pace, Outside outside, Clock clock,
    ILogger<WebhookLoop> log) : BackgroundService
{
    static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            await BeginAsync(stoppingToken);
            await Task.WhenAll(endpoints.Items.Select(x => RunAsync(x, stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    // Before any is taken: it lets go what the process before had taken.
    async Task BeginAsync(CancellationToken ct)
    {
        for (var hasBegun = false; !hasBegun;)
            try
            {
                await store.BeginAsync(endpoints.Names, ct);
                foreach (var (name, rows) in await store.RemoveGoneAsync(endpoints.Names, ct))
                    log.WebhookEndpointGone(name, rows);
                hasBegun = true;
            }
            catch (ProblemException error)
            {
                log.RoundDelayed(nameof(WebhookLoop), error.Problem.Code);
                await Task.Delay(AfterFault, clock.Provider, ct);
            }
    }

    async Task RunAsync(WebhookEndpoint endpoint, CancellationToken ct)
    {
        using var pump = new WebhookPump(endpoint, store, pace, outside, clock, log);
        outbox.Added += pump.Wake;
        while (true)
        {
            try
            {
                await pump.RunAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                throw;
            }
#pragma warning disable CA1031 // Top of the loop: without this catch one fault would silence an endpoint for good.
            catch (Exception error)
#pragma warning restore CA1031
            {
                log.RoundFailed(error, nameof(WebhookLoop));
            }
            await Task.Delay(AfterFault, clock.Provider, ct);
        }
    }
}
