using Cote.Primitives;

namespace Cote.Chats;

/// <summary>The gauges of this room. Each stands in docs/operations.md.</summary>
static class ChatMetrics
{
    /// <summary>Shows how far behind the search index is, on the node that keeps it.</summary>
    public static void ShowSearch(ServerMeter server, UsersBehind behind) => server.Meter.CreateObservableGauge(
        "cote.search.users_behind", () => behind.Count, "{user}",
        "Users with events that the search index lacks, on the node that keeps it.");
}
