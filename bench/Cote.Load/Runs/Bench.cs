using System.Diagnostics;
using System.Globalization;
using Cote.Load.Figures;

namespace Cote.Load.Runs;

/// <summary>
/// The whole run: every figure with its yardsticks, in rounds that alternate, so that what else happens on the machine
/// meets all of them alike.
/// </summary>
sealed partial class Bench(Stage stage, HashSet<string> only)
{
    const string InMemory = "fastapi", Guide = Peers.Guide, Node = Peers.Node, Kestrel = "kestrel", Sqlite = "sqlite",
        Relay = "relay", Pgbench = "pgbench", Bare = "bare";

    readonly List<Row> _rows = [];
    readonly List<string> _failures = [];
    readonly Plan _plan = stage.Plan;

    public static void Say(string line) => Console.Error.WriteLine($"# {line}");

    public static async Task<int> RunAsync(Arguments arguments, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var plan = new Plan(arguments.Has("short"), arguments.Number("rounds", arguments.Has("short") ? 1 : 3));
        var machine = MachineFacts.Read(Stage.FindRoot());
        await using var stage = await Stage.SetAsync(arguments, plan, ct);
        var bench = new Bench(
            stage, [.. (arguments.Text("only") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)]);
        try
        {
            await bench.RunAsync();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            bench._failures.Add("it was stopped before its end"); // what was measured until then is shown
        }
        var report = new Report(machine, new()
        {
            ["form"] = plan.Short ? "short: it shows that everything works; its figures mean nothing" : "full",
            ["rounds"] = plan.Rounds.ToString(CultureInfo.InvariantCulture),
            ["clients"] = plan.Clients.ToString(CultureInfo.InvariantCulture),
            ["seconds a round"] = plan.Length.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            ["took"] = $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0} s",
        }, [.. bench._rows]);
        Console.WriteLine(report.Table());
        Console.WriteLine(report.Facts());
        var file = arguments.Text("json") ?? (plan.Short ? null
            : Path.Combine(stage.Root, "bench", "results",
                machine["date"].Replace(":", "", StringComparison.Ordinal)
                + $"-{machine["commit"].Split(' ')[0]}.json"));
        if (file is not null)
        {
            report.Save(file);
            File.WriteAllText(Path.ChangeExtension(file, ".md"),
                $"{report.Table()}\n{report.Facts()}\n\n{report.Details()}");
            Console.WriteLine($"\nWritten to {file} and beside it as .md");
        }
        var wrong = report.Rows.Sum(x => x.Errors + x.Losses);
        foreach (var fault in report.Rows.SelectMany(
            x => x.Series.SelectMany(y => y.Rounds.Select(z => (x.Id, y.Who, z.Fault))))
            .Where(x => x.Fault is not null))
            Console.WriteLine($"Fault in {fault.Id} ({fault.Who}): {fault.Fault}");
        foreach (var failure in bench._failures)
            Console.WriteLine($"Failed: {failure}");
        Console.WriteLine(
            $"\n{report.Rows.Count} figures, {wrong} errors and losses, {bench._failures.Count} failures");
        return wrong == 0 && bench._failures.Count == 0 ? 0 : 1;
    }

    async Task RunAsync()
    {
        (string Name, Func<Task> Step)[] steps =
        [
            ("users-me", () => GetAsync("users-me", "GET /users/me", "/users/me", [], [new(0.7, Kestrel)],
                [new(0.85, Kestrel)])),
            ("chats-50", () => GetAsync("chats-50", "GET /chats/ with 50 chats", "/chats/", [], [new(10, InMemory)],
                [new(20, InMemory)])),
            ("messages-50", () => GetAsync("messages-50", "GET …/messages/ with 50 messages", null, [Guide, Node],
                [new(30, InMemory)], [new(45, InMemory)])),
            ("turns", TurnsAsync), ("sends", SendsAsync), ("first-token", FirstTokenAsync), ("streams", StreamsAsync),
            ("lag", LagAsync), ("streams-memory", StreamsMemoryAsync), ("idle", IdleAsync), ("fan-out", FanOutAsync),
            ("long-chat", LongChatAsync), ("resume", ResumeAsync), ("start", StartAsync), ("restart", RestartAsync),
            ("tools", ToolsAsync), ("search", SearchAsync), ("switch", SwitchAsync), ("gateway", GatewayAsync),
            ("page", PageAsync), ("postgres", PostgresSendsAsync), ("postgres-turns", PostgresTurnsAsync),
            ("postgres-streams", PostgresStreamsAsync), ("postgres-restart", PostgresRestartAsync),
        ];
        if (only.Except(steps.Select(x => x.Name)).ToList() is { Count: > 0 } unknown)
            throw new FormatException($"--only names what is no step: {string.Join(", ", unknown)}.");
        foreach (var (name, step) in steps)
            await StepAsync(name, step);
    }

    async Task StepAsync(string name, Func<Task> step)
    {
        if (only.Count > 0 && !only.Contains(name))
            return;
        var began = Stopwatch.GetTimestamp();
        try
        {
            stage.Ct.ThrowIfCancellationRequested();
            await step().WaitAsync(stage.Ct);
            Say($"{name}: {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s");
        }
        catch (Exception error) when (!stage.Ct.IsCancellationRequested)
        {
            // One figure that cannot be had does not take the others along, but the run has failed.
            _failures.Add($"{name}: {error.Message}");
            Say($"{name} failed: {error}");
        }
    }

    Row Add(string id, string title, string unit, bool more, Goal[] target, Goal[] aim)
    {
        var row = new Row(id, title, unit, more) { Target = _plan.Short ? [] : target, Aim = _plan.Short ? [] : aim };
        _rows.Add(row);
        return row;
    }

    /// <summary>
    /// Cote, and those of the peers that can run here; the rows say of the others what is missing.
    /// </summary>
    async Task<Contenders> ContendersAsync(Row[] rows, params string[] peers)
    {
        var contenders = new Contenders { await stage.OursAsync() };
        foreach (var who in peers)
        {
            var (peer, missing) = await stage.Peers.StartAsync(who);
            if (peer is not null)
                contenders.Add(peer);
            foreach (var row in rows)
                row.Of(who).Skipped = missing;
        }
        return contenders;
    }
}
