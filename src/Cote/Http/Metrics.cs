using System.Diagnostics.Metrics;
using Cote.Primitives;

namespace Cote.Http;

/// <summary>Every counter of this room beside the framework's own. Each stands in docs/operations.md.</summary>
static class HttpMetrics
{
    static readonly Counter<long> RateLimited = Instruments.Meter.CreateCounter<long>(
        "cote.http.rate_limited", "{request}", "Requests that were answered 429 by a limit of the server.");

    public static void OnRateLimited(Limit limit) =>
        RateLimited.Add(1, new KeyValuePair<string, object?>("cote.limit", NameOf(limit)));

    static string NameOf(Limit limit) => limit switch
    {
        Limit.Login => "login",
        Limit.Registration or Limit.RegistrationAttempt => "registration",
        Limit.ShareAttempt => "share",
        Limit.Messages => "messages",
        Limit.Switches => "switches",
        Limit.Search => "search",
        _ => "requests",
    };
}
