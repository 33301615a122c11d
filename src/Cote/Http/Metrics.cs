using System.Diagnostics.Metrics;
using Cote.Primitives;

namespace Cote.Http;

/// <summary>Every counter of this room beside the framework's own. Each stands in docs/operations.md.</summary>
static class HttpMetrics
{
    static readonly Counter<long> RateLimited = Instruments.Meter.CreateCounter<long>(
        "cote.http.rate_limited", "{request}", "Requests that were answered 429 by a limit of the server.");

    public static void OnRateLimited(Limit limit) =>
        RateLimited.Add(1, Label(limit));

    /// <summary>Begins the counter of each limit at 0.</summary>
    public static void ShowZeros()
    {
        foreach (var limit in Enum.GetValues<Limit>())
            RateLimited.Add(0, Label(limit));
    }

    static KeyValuePair<string, object?> Label(Limit limit) => new("cote.limit", NameOf(limit));

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
