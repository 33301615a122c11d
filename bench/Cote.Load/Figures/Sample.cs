using System.Text.Json.Serialization;

namespace Cote.Load.Figures;

/// <summary>What one round measured, with what went wrong in it: a figure without its losses says nothing.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Count">How many operations, frames or streams it rests on.</param>
/// <param name="Errors">Answers that were not what they must be, connections that broke.</param>
/// <param name="Losses">What was acknowledged, sent or due, and never came or came wrong.</param>
sealed record Sample(double Value, long Count = 0, long Errors = 0, long Losses = 0)
{
    /// <summary>The name of the processor time of one operation, in ms, the database's included.</summary>
    public const string CpuEach = "cpu_ms_each";

    /// <summary>Percentiles, cores that each process took, and the like.</summary>
    public SortedDictionary<string, double> Detail { get; init; } = [];

    /// <summary>The first things that went wrong, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Fault { get; init; }

    /// <summary>
    /// Another figure of the same operations: what went wrong in them is counted once, and the details stand once.
    /// </summary>
    public Sample As(double value) => new(value, Count);

    /// <summary>One of the details as a figure; NaN where it could not be had.</summary>
    public Sample As(string detail) => As(Detail.GetValueOrDefault(detail, double.NaN));
}

/// <summary>One server's rounds of a figure.</summary>
sealed record Series(string Who)
{
    public List<Sample> Rounds { get; init; } = [];

    /// <summary>Why it was not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Skipped { get; set; }

    public double Median => Percentiles.Median(Rounds.Select(x => x.Value));

    public double Lowest => Rounds.Count == 0 ? double.NaN : Rounds.Min(x => x.Value);

    public double Highest => Rounds.Count == 0 ? double.NaN : Rounds.Max(x => x.Value);

    public long Errors => Rounds.Sum(x => x.Errors);

    public long Losses => Rounds.Sum(x => x.Losses);
}

/// <summary>A number to reach, absolute or as a multiple of a yardstick's figure.</summary>
sealed record Goal(double Number, string? Of = null)
{
    public override string ToString() => Of is null ? Row.Format(Number) : $"{Number:0.###} × {Of}";
}

/// <summary>A line of the table.</summary>
sealed record Row(string Id, string Title, string Unit, bool MoreIsBetter)
{
    public const string Ours = "cote";

    public List<Series> Series { get; init; } = [];

    /// <summary>At least this, all of it.</summary>
    public Goal[] Target { get; init; } = [];

    /// <summary>What would be better still.</summary>
    public Goal[] Aim { get; init; } = [];

    public Series Of(string who)
    {
        if (Series.Find(x => x.Who == who) is { } there)
            return there;
        var series = new Series(who);
        Series.Add(series);
        return series;
    }

    public long Errors => Series.Sum(x => x.Errors);

    public long Losses => Series.Sum(x => x.Losses);

    /// <summary>Whether a goal is met; null where it could not be measured.</summary>
    public bool? Meets(Goal[] goals)
    {
        if (goals.Length == 0 || !double.IsFinite(Of(Ours).Median))
            return null;
        bool? all = true;
        foreach (var goal in goals)
        {
            var number = goal.Of is null ? goal.Number : goal.Number * Of(goal.Of).Median;
            if (!double.IsFinite(number))
                all = null;
            else if (MoreIsBetter ? Of(Ours).Median < number : Of(Ours).Median > number)
                return false;
        }
        return all;
    }

    public static string Format(double value) => !double.IsFinite(value) ? "–"
        : Math.Abs(value) >= 1_000 ? value.ToString("N0") : Math.Abs(value) >= 100 ? value.ToString("0")
            : value.ToString("0.##");
}
