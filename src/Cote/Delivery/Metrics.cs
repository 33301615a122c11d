using System.Diagnostics.Metrics;
using Cote.Primitives;

namespace Cote.Delivery;

/// <summary>Every instrument of this room. Each stands in docs/operations.md.</summary>
static class DeliveryMetrics
{
    static readonly UpDownCounter<long> Connections = Instruments.Meter.CreateUpDownCounter<long>(
        "cote.connections", "{connection}", "Connections that are open for live delivery.");

    static readonly Histogram<double> Lag = Instruments.ShortTimes(
        "cote.events.lag", "The time from an event to its reading for those who are connected here.");

    /// <summary>Counts a connection until it is disposed of.</summary>
    /// <param name="transport"><c>websocket</c>, <c>sse</c>, <c>poll</c>, <c>reply</c> or <c>share</c>.</param>
    public static OpenConnection Open(string transport)
    {
        Connections.Add(1, Label(transport));
        return new(transport);
    }

    /// <summary>Events were read by a channel that had read all before them.</summary>
    public static void OnRead(Timestamp newest, Timestamp now)
    {
        if (Lag.Enabled)
            Lag.Record(Math.Max(0, now.Milliseconds - newest.Milliseconds) / 1_000.0);
    }

    static KeyValuePair<string, object?> Label(string transport) => new("cote.transport", transport);

    public readonly struct OpenConnection(string transport) : IDisposable
    {
        public void Dispose() => Connections.Add(-1, Label(transport));
    }
}
