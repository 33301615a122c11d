using System.Diagnostics.Metrics;

namespace Cote.Primitives;

/// <summary>Every counter of this room. Each stands in docs/operations.md.</summary>
static class LoopMetrics
{
    static readonly Counter<long> Failures = Instruments.Meter.CreateCounter<long>(
        "cote.loop.failures", "{round}", "Rounds of background work that failed or were delayed.");

    /// <summary>A round of this loop was not done to its end.</summary>
    public static void Failed(string loop, string code) =>
        Failures.Add(1, new("cote.loop", loop), new("error.type", code));
}
