using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Cote.Primitives;

/// <summary>
/// The meter and the source of spans, both of the name <c>Cote</c>. Each room keeps its instruments in its
/// <c>Metrics.cs</c>, and its spans beside them. They cost next to nothing while nobody listens.
/// </summary>
static class Instruments
{
    public const string Name = "Cote";

    /// <summary>What a label says in place of a name that nobody has configured.</summary>
    public const string Other = "other";

    static readonly double[] Seconds =
        [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

    static readonly double[] ShortSeconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>The counters and histograms of the process; what a server has of its own is in its gauges.</summary>
    public static readonly Meter Meter = new(Name);

    public static readonly ActivitySource Source = new(Name);

    /// <summary>A histogram of what takes from milliseconds to minutes.</summary>
    public static Histogram<double> LongTimes(string name, string description) => Times(name, description, Seconds);

    /// <summary>A histogram of what takes less than a second where all is well.</summary>
    public static Histogram<double> ShortTimes(string name, string description) =>
        Times(name, description, ShortSeconds);

    /// <summary>A histogram of counts.</summary>
    public static Histogram<long> Counts(string name, string unit, string description, params long[] bounds) =>
        Meter.CreateHistogram<long>(
            name, unit, description, null, new InstrumentAdvice<long> { HistogramBucketBoundaries = bounds });

    static Histogram<double> Times(string name, string description, double[] bounds) => Meter.CreateHistogram<double>(
        name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
