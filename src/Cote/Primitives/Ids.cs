namespace Cote;

/// <summary>Ids are UUIDs: taken in any case, kept in lower case with dashes.</summary>
public static class Ids
{
    /// <summary>The id in the form it is stored, or null where <paramref name="text"/> is no UUID.</summary>
    public static string? Parse(string? text) =>
        Guid.TryParseExact(text, "D", out var id) ? id.ToString("D") : null;
}
