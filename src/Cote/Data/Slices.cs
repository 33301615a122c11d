namespace Cote;

/// <summary>
/// Parts of a table for loops that must look at all of it: a round reads one, and the next round goes on behind it, so
/// that what a round reads does not grow with the table.
/// </summary>
static class Slices
{
    /// <summary>How many rows one has.</summary>
    public const long Rows = 10_000;

    /// <summary>The key of the last row of the slice after a key; null where fewer rows follow it.</summary>
    public static Task<string?> EndAsync(Database db, Sql table, Sql key, string after, CancellationToken ct) =>
        db.FirstAsync(
            $"select {key} from {table} where {key} > {after} order by {key} limit 1 offset {Rows - 1}",
            row => row.GetString(0), ct);

    /// <summary>A condition: the key is in the slice between these.</summary>
    public static Sql Holds(Sql key, string after, string? last)
    {
        if (last is null)
            return $"{key} > {after}";
        return $"{key} > {after} and {key} <= {last}";
    }
}
