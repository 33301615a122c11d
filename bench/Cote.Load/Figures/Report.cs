using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cote.Load.Figures;

/// <summary>A run: what machine it was on, and its rows.</summary>
sealed record Report(Dictionary<string, string> Machine, Dictionary<string, string> Options, List<Row> Rows)
{
    static readonly JsonSerializerOptions Writing = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void Save(string file)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
            Directory.CreateDirectory(folder);
        File.WriteAllText(file, JsonSerializer.Serialize(this, Writing) + "\n");
    }

    public static Report Load(string file) => JsonSerializer.Deserialize<Report>(File.ReadAllText(file), Writing)!;

    /// <summary>The one table.</summary>
    public string Table()
    {
        var lines =
            new List<string[]> { new[] { "Figure", "Unit", "Ours", "Rounds", "Yardsticks", "Ours / yardstick", "Losses",
            "At least", "Aim", "Met" } };
        foreach (var row in Rows)
        {
            var ours = row.Of(Row.Ours);
            var others = row.Series.Where(x => x.Who != Row.Ours).ToList();
            lines.Add(
            [
                row.Title, row.Unit, ours.Skipped ?? Row.Format(ours.Median),
                ours.Rounds.Count < 2 ? $"{ours.Rounds.Count}"
                    : $"{ours.Rounds.Count}: {Row.Format(ours.Lowest)}–{Row.Format(ours.Highest)}",
                string.Join(", ", others.Select(x => $"{x.Who} {x.Skipped ?? Row.Format(x.Median)}")),
                string.Join(", ", others.Where(x => double.IsFinite(ours.Median / x.Median) && x.Median > 0)
                    .Select(x => $"{Ratio(ours.Median / x.Median)} × {x.Who}")),
                $"{row.Errors + row.Losses}",
                string.Join(", ", row.Target.Select(x => x.ToString())),
                string.Join(", ", row.Aim.Select(x => x.ToString())),
                row.Meets(row.Target) switch { null => "–", false => "missed",
                    true => row.Meets(row.Aim) == true ? "aim" : "yes" },
            ]);
        }
        return Markdown(lines);
    }

    /// <summary>What the machine was and how it was measured, for people.</summary>
    public string Facts() => string.Join("\n", Machine.Concat(Options).Select(x => $"- {x.Key}: {x.Value}"));

    /// <summary>What went wrong, and the percentiles behind the figures.</summary>
    public string Details()
    {
        var text = new StringBuilder();
        foreach (var row in Rows)
            foreach (var series in row.Series.Where(x => x.Rounds.Count > 0))
            {
                var names = series.Rounds.SelectMany(x => x.Detail.Keys).Distinct();
                var values = names.Select(name =>
                {
                    var figures = series.Rounds.Where(x => x.Detail.ContainsKey(name)).Select(x => x.Detail[name]);
                    return $"{name} {Row.Format(Percentiles.Median(figures))}";
                });
                text.AppendLine(
                    $"- {row.Id} {series.Who}: {string.Join(", ", values)}; errors {series.Errors}, losses "
                    + $"{series.Losses}, of {series.Rounds.Sum(x => x.Count):N0}");
                foreach (var fault in series.Rounds.Select(x => x.Fault).OfType<string>().Distinct().Take(3))
                    text.AppendLine($"  - fault: {fault}");
            }
        return text.ToString();
    }

    /// <summary>Two runs side by side.</summary>
    public static string Compare(Report a, Report b)
    {
        var lines =
            new List<string[]> { new[] { "Figure", "Unit", "Who", "A", "B", "B / A", "Better", "Losses A",
            "Losses B" } };
        foreach (var row in b.Rows)
            foreach (var series in row.Series)
            {
                var before = a.Rows.Find(x => x.Id == row.Id)?.Series.Find(x => x.Who == series.Who);
                if (before is null || !double.IsFinite(before.Median) || !double.IsFinite(series.Median))
                    continue;
                var ratio = series.Median / before.Median;
                // Rounds that overlap show nothing: the machine's own noise is as large.
                var apart = series.Lowest > before.Highest || series.Highest < before.Lowest;
                lines.Add(
                [
                    row.Title, row.Unit, series.Who, Row.Format(before.Median), Row.Format(series.Median),
                    $"{ratio:0.00}",
                    !apart ? "same within the rounds" : ratio > 1 == row.MoreIsBetter ? "B" : "A",
                    $"{before.Errors + before.Losses}", $"{series.Errors + series.Losses}",
                ]);
            }
        return Markdown(lines);
    }

    static string Ratio(double ratio) => ratio.ToString(ratio < 0.2 ? "0.000" : ratio < 10 ? "0.00" : "0.0");

    static string Markdown(List<string[]> lines)
    {
        var widths = Enumerable.Range(0, lines[0].Length).Select(x => lines.Max(line => line[x].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var (i, line) in lines.Index())
        {
            text.Append("| ").AppendJoin(" | ", line.Select((cell, x) => cell.PadRight(widths[x]))).AppendLine(" |");
            if (i == 0)
                text.Append("|-").AppendJoin("-|-", widths.Select(x => new string('-', x))).AppendLine("-|");
        }
        return text.ToString();
    }
}
