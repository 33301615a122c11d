using System.Diagnostics;
using HdrHistogram;

namespace Cote.Load.Figures;

/// <summary>Latencies from any number of threads, exact to a tenth of a percent, in constant memory.</summary>
sealed class LatencyHistogram
{
    const long LongestNanoseconds = 600_000_000_000;

    readonly LongConcurrentHistogram _nanoseconds = new(1, LongestNanoseconds, numberOfSignificantValueDigits: 3);

    public long Count => _nanoseconds.TotalCount;

    /// <summary>Adds a latency, in ticks of <see cref="Stopwatch"/>.</summary>
    public void Add(long ticks) =>
        _nanoseconds.RecordValue(Math.Clamp(ticks * (1_000_000_000 / Stopwatch.Frequency), 1, LongestNanoseconds));

    /// <summary>The given percentile, in milliseconds; 0 where nothing was added.</summary>
    public double Ms(double percent) => Count == 0 ? 0 : _nanoseconds.GetValueAtPercentile(percent) / 1e6;

    /// <summary>Adds the usual percentiles to the sample, by name.</summary>
    public void Into(Sample sample)
    {
        foreach (var (name, percent) in new[]
        {
            ("p50_ms", 50), ("p90_ms", 90), ("p99_ms", 99), ("p999_ms", 99.9), ("max_ms", 100),
        })
            sample.Detail[name] = Ms(percent);
    }
}

/// <summary>Percentiles of few measurements, from all of them.</summary>
static class Percentiles
{
    public static double Of(IEnumerable<double> values, double percent)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN
            : sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * percent / 100) - 1, 0, sorted.Length - 1)];
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
