using System.Diagnostics.Metrics;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>Every counter of this room. Each stands in docs/operations.md.</summary>
static class NoticeMetrics
{
    const string Taken = "taken";
    const string Delayed = "delayed";
    const string GivenUp = "given_up";
    const string Gone = "gone";

    static readonly Counter<long> Webhooks = Instruments.Meter.CreateCounter<long>(
        "cote.webhook.tries", "{try}", "Tries of webhooks, by endpoint and outcome.");

    static readonly Counter<long> Dropped = Instruments.Meter.CreateCounter<long>(
        "cote.webhooks.dropped", "{webhook}", "Webhooks that were dropped because too many waited.");

    static readonly Counter<long> Pushes = Instruments.Meter.CreateCounter<long>(
        "cote.push.tries", "{try}", "Tries of pushes, by kind of service and outcome.");

    public static void OnWebhookTaken(string endpoint) => AddWebhooks(endpoint, Taken, 1);

    public static void OnWebhookFailed(string endpoint, bool isOver) =>
        AddWebhooks(endpoint, isOver ? GivenUp : Delayed, 1);

    public static void OnWebhooksDropped(string endpoint, long webhooks) => Dropped.Add(webhooks, EndpointOf(endpoint));

    /// <summary>A try of a push has ended.</summary>
    public static void OnPush(string kind, PushResult result, bool isOver) => AddPushes(kind, result switch
    {
        PushResult.Sent => Taken,
        PushResult.Gone => Gone,
        PushResult.Later when !isOver => Delayed,
        _ => GivenUp,
    }, 1);

    /// <summary>Begins counters at 0: an alert compares with what there was before the first.</summary>
    public static void ShowZeros(IEnumerable<string> endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            foreach (var outcome in (string[])[Taken, Delayed, GivenUp])
                AddWebhooks(endpoint, outcome, 0);
            OnWebhooksDropped(endpoint, 0);
        }
        foreach (var kind in (string[])[DeviceKinds.WebPush, DeviceKinds.Fcm, DeviceKinds.Apns])
            foreach (var outcome in (string[])[Taken, Delayed, GivenUp, Gone])
                AddPushes(kind, outcome, 0);
    }

    /// <summary>The label of a webhook's endpoint: its configured name.</summary>
    public static KeyValuePair<string, object?> EndpointOf(string name) => new("cote.webhook.endpoint", name);

    static void AddWebhooks(string endpoint, string outcome, long tries) =>
        Webhooks.Add(tries, EndpointOf(endpoint), new("cote.webhook.outcome", outcome));

    static void AddPushes(string kind, string outcome, long tries) =>
        Pushes.Add(tries, new("cote.push.kind", kind), new("cote.push.outcome", outcome));
}

/// <summary>The gauges of this room: what waits, as the rows say, if somebody asks.</summary>
sealed class NoticeGaugeLoop : PeriodicLoop
{
    readonly Database _db;
    readonly WebhookEndpoints _endpoints;
    readonly ObservableGauge<long> _webhooks;
    readonly ObservableGauge<long> _pushes;
    volatile IReadOnlyDictionary<string, long>? _seen;
    long _waitingPushes;

    public NoticeGaugeLoop(
        Database db, WebhookEndpoints endpoints, ServerMeter server, Clock clock, ILogger<NoticeGaugeLoop> log)
        : base(TimeSpan.FromSeconds(10), clock, log)
    {
        (_db, _endpoints) = (db, endpoints);
        _webhooks = server.Meter.CreateObservableGauge(
            "cote.webhooks.waiting", Webhooks, "{webhook}", "Webhooks of all nodes that are still to be told.");
        _pushes = server.Meter.CreateObservableGauge(
            "cote.pushes.waiting", Pushes, "{push}", "Pushes of all nodes that are still to be sent.");
    }

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (!_webhooks.Enabled && !_pushes.Enabled)
            return;
        var pushes = await _db.FirstAsync($"select count(*) from pushes", row => row.GetInt64(0), ct);
        var webhooks = await _db.ListAsync(
            $"select endpoint, count(*) from webhooks where failed_at is null group by endpoint",
            row => (Endpoint: row.GetString(0), Count: row.GetInt64(1)), ct);
        Volatile.Write(ref _waitingPushes, pushes);
        _seen = webhooks.ToDictionary(x => x.Endpoint, x => x.Count);
    }

    IEnumerable<Measurement<long>> Webhooks() => _seen is not { } seen ? []
        : _endpoints.Names.Select(x => new Measurement<long>(seen.GetValueOrDefault(x), NoticeMetrics.EndpointOf(x)));

    IEnumerable<Measurement<long>> Pushes() => _seen is null ? [] : [new(Volatile.Read(ref _waitingPushes))];
}
