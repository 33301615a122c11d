using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>Gives up what could not be told in time, what is too much, and what nobody has configured.</summary>
sealed class WebhookSweepLoop(
    WebhookEndpoints endpoints, WebhookStore store, Clock clock, ILogger<WebhookSweepLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(1), clock, log)
{
    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        foreach (var endpoint in endpoints.Items)
            if (await store.SweepAsync(endpoint.Name, WebhookStore.MostWaiting, ct) is > 0 and var dropped)
            {
                Log.WebhooksDropped(dropped, endpoint.Name);
                NoticeMetrics.OnWebhooksDropped(endpoint.Name, dropped);
            }
        foreach (var (name, rows) in await store.RemoveGoneAsync(endpoints.Names, ct))
            Log.WebhookEndpointGone(name, rows);
    }
}
