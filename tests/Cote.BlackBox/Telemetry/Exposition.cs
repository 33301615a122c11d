using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cote.BlackBox.Telemetry;

/// <summary>What Prometheus gets, and the names of it that files of this repository use.</summary>
static partial class Exposition
{
    /// <summary>The names of the series in an answer, with the suffixes of histograms.</summary>
    public static HashSet<string> SeriesIn(string text) =>
        [.. text.Split('\n').Where(x => x.Length > 0 && x[0] != '#').Select(x => x[..x.IndexOfAny(['{', ' '])])];

    /// <summary>The names of the metrics in an answer.</summary>
    public static HashSet<string> MetricsIn(string text) =>
        [
            .. text.Split('\n').Where(x => x.StartsWith("# TYPE ", StringComparison.Ordinal))
                .Select(x => x.Split(' ')[2]),
        ];

    /// <summary>The names of series in expressions: what is no label.</summary>
    public static HashSet<string> NamedIn(string expressions) =>
        [.. SeriesName().Matches(Labels().Replace(expressions, "")).Select(x => x.Value)];

    /// <summary>The expressions of a dashboard.</summary>
    public static string ExpressionsOf(string dashboard)
    {
        using var json = JsonDocument.Parse(dashboard);
        return string.Join('\n', json.RootElement.GetProperty("panels").EnumerateArray()
            .Where(x => x.TryGetProperty("targets", out _))
            .SelectMany(x => x.GetProperty("targets").EnumerateArray())
            .Select(x => x.GetProperty("expr").GetString()));
    }

    [GeneratedRegex(@"\{[^}]*\}|\bby \([^)]*\)")]
    private static partial Regex Labels();

    [GeneratedRegex(@"\b(cote|gen_ai|http|kestrel|dotnet|db)_\w+")]
    private static partial Regex SeriesName();
}
