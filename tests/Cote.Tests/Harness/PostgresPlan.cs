using System.Data.Common;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cote.Data;
using Npgsql;

namespace Cote.Tests.Harness;

/// <summary>How PostgreSQL runs a statement: for all values, as the connections of the server plan.</summary>
static partial class PostgresPlan
{
    /// <summary>
    /// The topmost node of a plan; null where the types of the parameters, which the driver names, are not clear from
    /// the text.
    /// </summary>
    public static async Task<JsonElement?> ExplainAsync(DbConnection connection, string sql)
    {
        var db = (NpgsqlConnection)connection;
        await PostgresPlans.SetAsync(db);
        try
        {
            await using var prepare = new NpgsqlCommand($"prepare it as {sql}", db);
            await prepare.ExecuteNonQueryAsync();
        }
        catch (PostgresException error) when (error.SqlState.StartsWith("42", StringComparison.Ordinal))
        {
            return null;
        }
        var values = Parameter().Matches(sql).Select(x => x.Value).Distinct().Select(_ => "null").ToList();
        var list = values.Count == 0 ? "" : $"({string.Join(", ", values)})";
        await using var explain = new NpgsqlCommand($"explain (format json) execute it{list}", db);
        var plan = JsonElement.Parse((string)(await explain.ExecuteScalarAsync())!)[0].GetProperty("Plan");
        await using var forget = new NpgsqlCommand("deallocate it", db);
        await forget.ExecuteNonQueryAsync();
        return plan;
    }

    /// <summary>Its nodes, and whether each runs once for each row of another one.</summary>
    public static IEnumerable<(JsonElement Node, bool IsRepeated)> NodesOf(JsonElement node, bool isRepeated = false)
    {
        yield return (node, isRepeated);
        if (node.TryGetProperty("Plans", out var plans))
            foreach (var below in plans.EnumerateArray().SelectMany(x => NodesOf(
                x, isRepeated || x.Text("Parent Relationship") is "Inner" or "SubPlan")))
                yield return below;
    }

    [GeneratedRegex(@"\$\d+")]
    private static partial Regex Parameter();
}
