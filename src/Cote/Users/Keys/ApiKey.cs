using System.Text.Json.Serialization;

namespace Cote.Users;

/// <summary>A key of a program, as its owner sees it.</summary>
/// <param name="LastUsedAt">To the minute; null where it was never used.</param>
/// <param name="ExpiresAt">Null where it has no end.</param>
/// <param name="DisabledAt">Where a restore has disabled it: it is refused until an admin enables it.</param>
/// <param name="Key">The key itself: in the answer that made it, and never again.</param>
sealed record ApiKey(
    string Id, string Name, IReadOnlyList<string> Scopes, Timestamp CreatedAt, Timestamp? LastUsedAt,
    Timestamp? ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Timestamp? DisabledAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key = null)
{
    public const int Most = 50;
    public const int MostADay = 200;
    public const int LongestName = 100;
    public const long ShortestLife = 60;
    public const long LongestLife = 10L * 366 * 24 * 3_600;
}

/// <summary>The body of <c>POST /api-keys/</c>. <paramref name="ExpiresIn"/> is in seconds.</summary>
sealed record NewApiKey(string Name, IReadOnlyList<string> Scopes, long? ExpiresIn = null);
