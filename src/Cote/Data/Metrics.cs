using System.Diagnostics.Metrics;
using Cote.Primitives;

namespace Cote.Data;

/// <summary>Every counter and histogram of this room. Each stands in docs/operations.md.</summary>
static class DataMetrics
{
    static readonly Histogram<long> GroupSize = Instruments.Counts(
        "cote.writer.group.size", "{batch}", "Batches that were committed together.", 1, 2, 4, 8, 16, 32, 64, 128, 256);

    static readonly Histogram<double> CommitSeconds = Instruments.ShortTimes(
        "cote.writer.commit.duration", "The time of a commit, its fsync or its round trip included.");

    static readonly Counter<long> Refused = Instruments.Meter.CreateCounter<long>(
        "cote.writer.refused", "{batch}", "Batches that were refused because too many waited.");

    public static void OnCommitted(int batches, TimeSpan time)
    {
        GroupSize.Record(batches);
        CommitSeconds.Record(time.TotalSeconds);
    }

    public static void OnRefused() => Refused.Add(1);

    /// <summary>Begins counters at 0.</summary>
    public static void ShowZeros() => Refused.Add(0);
}

/// <summary>The gauges of the database.</summary>
sealed class DataGauges
{
    public DataGauges(DatabaseEngine engine, ServerMeter server)
    {
        server.Meter.CreateObservableGauge(
            "cote.database.healthy", () => engine.IsHealthy ? 1 : 0, null,
            "1 while the database answers and takes writes, else 0.");
        server.Meter.CreateObservableGauge(
            "cote.writer.queue", () => engine.Waiting, "{batch}", "Batches that wait to be committed, or are.");
    }
}
