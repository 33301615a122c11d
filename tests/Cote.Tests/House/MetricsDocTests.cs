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
        var names = new SortedSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == Instruments.Name)
                    names.Add(PrometheusNameOf(instrument));
                instrument.Description.ShouldNotBeNullOrEmpty(instrument.Name);
            },
        };
        foreach (var type in typeof(CoteBuilder).Assembly.GetTypes().Where(x => x.Name.EndsWith("Metrics")))
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        listener.Start();
        var listed = Regex.Matches(
            File.ReadAllText(Repository.Path("docs/operations.md")), @"^\| `((?:cote|gen_ai)_\w+)`",
            RegexOptions.Multiline).Select(x => x.Groups[1].Value).ToList();

        names.Count.ShouldBeGreaterThan(15);
        listed.ShouldBe(names);
    }

    // As the exporter for Prometheus names it, which RealRunTests of the published program shows.
    static string PrometheusNameOf(Instrument instrument) => instrument.Name.Replace('.', '_')
        + (instrument.Unit == "s" ? "_seconds" : "") + (instrument is Counter<long> ? "_total" : "");
}
