using System.Diagnostics;
using System.Numerics;

namespace Cote.Load.Figures;

/// <summary>
/// Latencies, counted in buckets that are less than one percent wide: any number of them, from any thread, without
/// memory for each, and percentiles that are read from all of them.
/// </summary>
sealed class Latencies
{
    const int Bits = 7;
    readonly long[] _counts = new long[(64 - Bits + 2) << Bits];
    long _max;

    public long Count => _counts.Sum();

    public void Add(long ticks)
    {
        var ns = Math.Max(0, ticks) * (1_000_000_000 / Stopwatch.Frequency);
        Interlocked.Increment(ref _counts[PlaceOf(ns)]);
        var max = Interlocked.Read(ref _max);
        while (ns > max)
            max = Interlocked.CompareExchange(ref _max, ns, max);
    }

    /// <summary>Milliseconds below or at which so many of a hundred are.</summary>
    public double Ms(double percent)
    {
        var wanted = (long)Math.Ceiling(Count * percent / 100);
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
            if ((seen += _counts[i]) >= wanted && seen > 0)
                return Math.Min(UpTo(i), _max) / 1e6;
        return 0;
    }

    /// <summary>The usual percentiles, by name.</summary>
    public void Into(Sample sample)
    {
        foreach (var (name, percent) in new[] { ("p50_ms", 50), ("p90_ms", 90), ("p99_ms", 99), ("p999_ms", 99.9), ("max_ms", 100) })
            sample.Detail[name] = Ms(percent);
    }

    static int PlaceOf(long ns)
    {
        var shift = Math.Max(0, 63 - BitOperations.LeadingZeroCount((ulong)ns | 1) - Bits);
        return (shift << Bits) + (int)(ns >> shift);
    }

    static double UpTo(int place)
    {
        var shift = Math.Max(0, (place >> Bits) - 1);
        return ((long)(place - (shift << Bits)) + 1 << shift) - 1;
    }
}

/// <summary>Percentiles of few measurements, from all of them.</summary>
static class Percentiles
{
    public static double Of(IEnumerable<double> values, double percent)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * percent / 100) - 1, 0, sorted.Length - 1)];
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
