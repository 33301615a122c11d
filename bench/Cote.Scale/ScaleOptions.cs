using System.Globalization;
using Cote.Load;

namespace Cote.Scale;

/// <summary>What a run is to do.</summary>
/// <param name="Users">How many people the figures are extrapolated to.</param>
/// <param name="Scales">Fractions of them that are played, the smaller first.</param>
/// <param name="Parts">What is measured besides.</param>
/// <param name="Postgres">The server to use instead of a private one.</param>
/// <param name="Keeps">Whether the databases stay when the run ends.</param>
/// <param name="Json">The file for the figures.</param>
sealed record ScaleOptions(
    long Users, int Days, IReadOnlyList<double> Scales, IReadOnlySet<string> Parts, string? Postgres, bool Keeps,
    string? Json)
{
    /// <summary>Everything that can be measured.</summary>
    public static readonly string[] All = ["growth", "loops", "tuned", "partitions"];

    public static ScaleOptions Of(Arguments arguments)
    {
        var parts = (arguments.Text("only") ?? string.Join(',', All)).Split(',').ToHashSet();
        if (parts.Except(All).ToList() is [var unknown, ..])
            throw new FormatException($"--only has no {unknown}: it takes {string.Join(", ", All)}.");
        return new(
            arguments.Number("users", 1_000_000), arguments.Number("days", 30),
            [.. (arguments.Text("scale") ?? "1/2500,1/1000").Split(',').Select(Fraction).Order()],
            parts, arguments.Text("postgres"), arguments.Has("keep"), arguments.Text("json"));
    }

    /// <summary>The people of one scale.</summary>
    public long UsersAt(double scale) => (long)Math.Round(Users * scale);

    static double Fraction(string text)
    {
        var parts = text.Split('/');
        var value = double.Parse(parts[0], CultureInfo.InvariantCulture)
            / (parts.Length > 1 ? double.Parse(parts[1], CultureInfo.InvariantCulture) : 1);
        return value is > 0 and <= 1 ? value : throw new FormatException($"--scale is a fraction, not {text}.");
    }
}
