namespace Cote;

/// <summary>
/// Parts of a table for loops that must look at all of it: a round takes one, and more for a hundredth of the time
/// between two rounds; the next round goes on behind them. So a large table costs no more than that.
/// </summary>
static class Slices
{
    /// <summary>How many rows one has.</summary>
    public const long Rows = 10_000;

    /// <summary>Takes slices while there is a next one and time is left.</summary>
    /// <param name="next">Takes one; false where it was the last.</param>
    /// <param name="every">The time between two rounds.</param>
    /// <param name="clock">Measures the time.</param>
    /// <param name="ct">Ends it between two slices.</param>
    public static async Task RunAsync(Func<Task<bool>> next, TimeSpan every, Clock clock, CancellationToken ct)
    {
        var began = clock.Ticks;
        while (await next() && clock.Since(began) < every / 100)
            ct.ThrowIfCancellationRequested();
    }

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
