using System.Diagnostics.Metrics;

namespace Cote.Primitives;

/// <summary>The gauges of one server, which end with it: what they look at is its own.</summary>
sealed class ServerMeter : IDisposable
{
    public Meter Meter { get; } = new(Instruments.Name);

    public void Dispose() => Meter.Dispose();
}
