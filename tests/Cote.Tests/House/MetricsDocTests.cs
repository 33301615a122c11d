using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Cote.Primitives;
using Cote.Tests.Harness;

namespace Cote.Tests.House;

/// <summary>Every instrument of the program has a row for operators, and every row an instrument.</summary>
public sealed class MetricsDocTests(SharedApp shared)
{
    [Fact]
    public void Every_metric_is_explained()
    {
        shared.App.Url.ShouldNotBeNull(); // It has made its gauges.
        // Servers of other tests publish their gauges on threads of their own.
        var published = new ConcurrentDictionary<string, string?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == Instruments.Name)
                    published[PrometheusNameOf(instrument)] = instrument.Description;
            },
        };
        foreach (var type in typeof(CoteBuilder).Assembly.GetTypes().Where(x => x.Name.EndsWith("Metrics")))
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        listener.Start();
        var listed = Regex.Matches(
            File.ReadAllText(Repository.Path("docs/operations.md")), @"^\| `((?:cote|gen_ai)_\w+)`",
            RegexOptions.Multiline).Select(x => x.Groups[1].Value).ToList();

        published.Count.ShouldBeGreaterThan(15);
        published.Where(x => string.IsNullOrEmpty(x.Value)).ShouldBeEmpty();
        listed.ShouldBe(published.Keys.Order(StringComparer.Ordinal));
    }

    // As the exporter for Prometheus names it, which RealRunTests of the published program shows.
    static string PrometheusNameOf(Instrument instrument) => instrument.Name.Replace('.', '_')
        + (instrument.Unit == "s" ? "_seconds" : "") + (instrument is Counter<long> ? "_total" : "");
}
