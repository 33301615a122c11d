using System.Text.Json;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

/// <summary>
/// <c>make bench SHORT=1</c>: that every load, yardstick and check of the benchmark works against the program as it
/// ships. No figure is asserted: on a shared machine it would only tell what else was running.
/// </summary>
[Trait("Stage", "slow")]
[Collection(nameof(Alone))]
public sealed class BenchTests(PublishedProgram program, ITestOutputHelper output)
{
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task The_short_benchmark_prints_its_table_without_an_error_or_a_loss()
    {
        var folder = Directory.CreateTempSubdirectory("cote-bench-test-");
        try
        {
            var file = Path.Combine(folder.FullName, "short.json");
            // Without the other backends, wherever this runs: what is not there cannot make a difference.
            var (code, said) = await RunAsync("bench", "--short", "--program", program.File, "--guide", folder.FullName,
                "--json", file);
            output.WriteLine(said);

            code.ShouldBe(0, said);
            said.ShouldContain("0 errors and losses, 0 failures");
            said.ShouldContain("| Figure ");
            var rows = JsonElement.Parse(await File.ReadAllTextAsync(file))
                .GetProperty("rows").EnumerateArray().ToList();
            rows.Select(x => x.GetProperty("id").GetString()).ShouldBe([
                "users-me", "chats-50", "messages-50", "turns", "turns-cpu", "turns-p50", "turns-p99", "turns-memory",
                "sends", "sends-open", "sends-open-ratio", "first-token-p50", "first-token-p99", "first-token-many",
                "streams", "lag-few-p50", "lag-few-p99", "lag-many-p50", "lag-many-p99", "streams-memory", "idle",
                "fan-out", "long-chat", "resume", "start", "start-memory", "restart", "tools", "tools-cpu",
                "tools-p50", "tools-p99", "search", "search-rare", "switch", "gateway-p50", "gateway-p99",
                "page-bytes", "page-ms", "postgres", "postgres-turns", "postgres-turns-cpu", "postgres-turns-p50",
                "postgres-turns-p99", "postgres-streams", "postgres-restart"]);
            said.ShouldContain("guide no guide_backend.py (--guide), node no node_backend.mjs (--guide)");
            foreach (var row in rows)
                foreach (var series in row.GetProperty("series")
                    .EnumerateArray().Where(x => !x.TryGetProperty("skipped", out _)))
                    foreach (var round in series.GetProperty("rounds").EnumerateArray())
                    {
                        var which = $"{row.GetProperty("id")} of {series.GetProperty("who")}";
                        round.GetProperty("count").GetInt64().ShouldBeGreaterThan(0, which);
                        double.IsFinite(round.GetProperty("value").GetDouble()).ShouldBeTrue(which);
                    }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_load_on_a_server_that_answers_wrongly_counts_errors_and_fails()
    {
        await using var model = await FakeModelServer.Start();
        // The load expects the paced model's text: this one says something else, and every turn must be found wrong.
        await using var node = await Node.With(program, model).StartAsync();

        var (code, said) = await RunAsync("drive", "turns", "--url", node.Url.ToString(), "--clients", "2", "--users",
            "1", "--seconds", "0.2", "--warm", "0");

        code.ShouldBe(1, said);
        said.ShouldContain("fault: not the text");
    }

    [Fact]
    public async Task A_load_on_a_server_of_which_the_process_is_named_says_what_one_operation_takes()
    {
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model).StartAsync();
        string[] load = ["drive", "users-me", "--url", node.Url.ToString(), "--clients", "2", "--users", "1",
            "--seconds", "0.5", "--warm", "0"];

        var (code, said) = await RunAsync(
            [.. load, "--pid", node.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        var (_, without) = await RunAsync(load);

        code.ShouldBe(0, said);
        said.ShouldContain("cpu_ms_each");
        without.ShouldNotContain("cpu_ms_each");
    }

    static Task<(int Code, string Said)> RunAsync(params string[] arguments) =>
        Shell.RunWithinAsync(Deadline, Repository.Program("bench/Cote.Load"), arguments);
}
