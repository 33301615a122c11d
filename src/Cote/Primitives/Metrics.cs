using System.Diagnostics.Metrics;

namespace Cote.Primitives;

/// <summary>Every counter of this room. Each stands in docs/operations.md.</summary>
static class LoopMetrics
{
    const string Internal = "internal_error";

    static readonly Counter<long> Failures = Instruments.Meter.CreateCounter<long>(
        "cote.loop.failures", "{round}", "Rounds of background work that failed or were delayed.");

    /// <summary>This loop begins: an alert compares with what there was before the first failure.</summary>
    public static void Began(string loop) => Failures.Add(0, new("cote.loop", loop), new("error.type", Internal));

    /// <summary>A round of this loop failed by a fault of the program.</summary>
    public static void Failed(string loop) => Failed(loop, Internal);

    /// <summary>A round of this loop was not done to its end.</summary>
    public static void Failed(string loop, string code) =>
        Failures.Add(1, new("cote.loop", loop), new("error.type", code));
}
