using System.Globalization;
using System.Text.Json;

namespace Cote.BlackBox;

/// <summary>
/// <c>make scale</c> in its smallest form: that templates are played, multiplied and counted. No figure is asserted.
/// </summary>
[Trait("Stage", "slow")]
public sealed class ScaleTests(ITestOutputHelper output)
{
    const int Users = 200;
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task A_month_of_few_people_has_the_rows_that_it_says()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        var file = Path.GetTempFileName();
        try
        {
            var (code, said) = await RunAsync(
                "--users", "200", "--days", "3", "--scale", "1/4,1", "--only", "growth", "--keep",
                "--postgres", await cluster.CreateDatabaseAsync(), "--json", file);
            output.WriteLine(said);

            code.ShouldBe(0, said);
            said.ShouldContain("## Growth of the tables");
            var results = JsonElement.Parse(await File.ReadAllTextAsync(file)).GetProperty("results")
                .EnumerateArray().ToList();
            results.Select(x => x.GetProperty("Users").GetInt64()).ShouldBe([Users / 4, Users]);
            var rows = await RowsAsync(cluster, results[^1]);
            rows["users"].ShouldBe(Users);
            rows["heads"].ShouldBe(Users);
            // Each reply is a call of the ledger, and each question has a reply.
            rows["calls"].ShouldBeGreaterThan(Users);
            rows["messages"].ShouldBeInRange(2 * rows["calls"] - rows["calls"] / 2, 2 * rows["calls"]);
            rows["search_documents"].ShouldBeGreaterThan(rows["calls"]);
            (await RowsAsync(cluster, results[0]))["messages"].ShouldBeLessThan(rows["messages"] / 2);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task What_it_cannot_measure_is_said_at_once()
    {
        var (code, said) = await RunAsync("--only", "weather");

        code.ShouldBe(1, said);
        said.ShouldContain("--only has no weather");
    }

    // What the report says of each table is what stands in it.
    static async Task<Dictionary<string, long>> RowsAsync(PostgresCluster cluster, JsonElement result)
    {
        var said = result.GetProperty("Tables").EnumerateArray()
            .ToDictionary(x => x.GetProperty("Name").GetString()!, x => x.GetProperty("Rows").GetInt64());
        foreach (var (table, rows) in said)
        {
            var counted = await cluster.QueryAsync(
                $"select count(*) from {table}", result.GetProperty("Url").GetString());
            Convert.ToInt64(counted[0][0], CultureInfo.InvariantCulture).ShouldBe(rows, table);
        }
        return said;
    }

    static Task<(int Code, string Said)> RunAsync(params string[] arguments) =>
        Shell.RunWithinAsync(Deadline, Repository.Program("bench/Cote.Scale"), arguments);
}
