using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Cote.Load.Figures;
using Cote.Load.Loads;
using Cote.Load.Wire;
using Cote.Load.Yardsticks;

namespace Cote.Load.Runs;

/// <summary>
/// The whole run: every figure with its yardsticks, in rounds that alternate, so that what else happens on the machine
/// meets all of them alike.
/// </summary>
sealed partial class Bench(Stage stage, HashSet<string> only, Arguments arguments)
{
    const string Guide = "fastapi", Kestrel = "kestrel", Sqlite = "sqlite", Relay = "relay", Pgbench = "pgbench",
        Bare = "bare";

    readonly List<Row> _rows = [];
    readonly List<string> _failures = [];
    readonly Plan _plan = stage.Plan;

    public static void Say(string line) => Console.Error.WriteLine($"# {line}");

    public static async Task<int> RunAsync(Arguments arguments, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var plan = new Plan(arguments.Has("short"), arguments.Number("rounds", arguments.Has("short") ? 1 : 3));
        var machine = MachineFacts.Read(Stage.FindRoot());
        await using var stage = await Stage.SetAsync(arguments.Text("program"), arguments.Text("guide"), plan, ct);
        var bench = new Bench(
            stage, [.. (arguments.Text("only") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)], arguments);
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
        await StepAsync("users-me",
            () => GetAsync("users-me", "GET /users/me", "/users/me", [new(8, Guide), new(0.5, Kestrel)],
            [new(8, Guide), new(0.7, Kestrel)]));
        await StepAsync("chats-50",
            () => GetAsync("chats-50", "GET /chats/ with 50 chats", "/chats/", [new(10, Guide)], [new(20, Guide)]));
        await StepAsync("messages-50",
            () => GetAsync("messages-50", "GET …/messages/ with 50 messages", null, [new(30, Guide)],
            [new(45, Guide)]));
        await StepAsync("turns", TurnsAsync);
        await StepAsync("sends", SendsAsync);
        await StepAsync("first-token", FirstTokenAsync);
        await StepAsync("streams", StreamsAsync);
        await StepAsync("idle", IdleAsync);
        await StepAsync("fan-out", FanOutAsync);
        await StepAsync("long-chat", LongChatAsync);
        await StepAsync("resume", ResumeAsync);
        await StepAsync("start", StartAsync);
        if (arguments.Text("postgres") is { } postgres)
            await StepAsync("postgres", () => PostgresAsync(postgres));
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

    public static async Task<Sample> TurnsAsync(Site site, int clients, TimeSpan warm, TimeSpan length,
        Func<Cores> cores, CancellationToken ct)
    {
        // In ever the same chat the prompt would grow with every turn, and the faster server would have the longer
        // ones.
        const int Tokens = 8;
        var chats = await site.ChatsAsync(clients * Plan.ChatsOfClient, ct);
        var requests = chats.Select(x => site.Send(x.Account, x.Chat, ReplyText.Ask(Tokens))).ToArray();
        var (before, acknowledged) = (await Operations.CountAsync(site, chats), new long[chats.Length]);
        var sample = await HttpLoad.ClosedAsync(
            site.Address, clients, warm, length,
            Operations.Turn(requests, clients, acknowledged, site.Streams, Tokens), cores);
        return await sample.AccountForAsync(site, chats, before, acknowledged);
    }

    /// <summary>
    /// Makes of each chat one with a reply that never comes to an end, behind which all others wait: what is then sent
    /// costs a send and nothing else. Closed loop, or open where a rate is given.
    /// </summary>
    public static async Task<Func<double?, TimeSpan, TimeSpan, Func<Cores>,
        Task<Sample>>> StalledAsync(Site site, int clients, CancellationToken ct)
    {
        var chats = await site.ChatsAsync(clients, ct);
        using (var http = new HttpConnection(site.Address))
            foreach (var (account, chat) in chats)
            {
                await http.ExchangeAsync(site.Send(account, chat, ReplyText.Ask(0), asStream: false));
                if (http.Status != 200)
                    throw new InvalidOperationException($"a send was answered with {http.Status}");
            }
        await Task.Delay(500, ct); // the calls are on their way
        var requests = chats.Select(
            x => site.Send(x.Account, x.Chat, "How do doves find their way home over the sea?", asStream: false))
            .ToArray();
        return async (rate, warm, length, cores) =>
        {
            var (before, acknowledged) = (await Operations.CountAsync(site, chats), new long[clients]);
            var send = Operations.Send(requests, acknowledged);
            var sample = rate is null ? await HttpLoad.ClosedAsync(site.Address, clients, warm, length, send, cores)
                : await HttpLoad.OpenAsync(site.Address, clients, rate.Value, warm, length, send, cores);
            return await sample.AccountForAsync(site, chats, before, acknowledged);
        };
    }

    async Task<Sample> IdleAsync(Child server, Func<int, string?> token, int count)
    {
        // What is loaded and compiled with the first sockets is no socket's own.
        await SocketLoad.IdleAsync(server.Address, "/ws", token, Math.Min(200, count), 0, () => 0, TimeSpan.Zero);
        await Task.Delay(_plan.IdleLie);
        return await SocketLoad.IdleAsync(server.Address, "/ws", token, count, server.Resident, () => server.Resident,
            _plan.IdleLie);
    }

    async Task StartAsync()
    {
        var time = Add("start", "cold start to the first 200", "ms", false, [new(500)], [new(300)]);
        var memory = Add("start-memory", "resident when idle", "MB", false, [new(90)], [new(65)]);
        for (var start = 0; start < _plan.Starts; start++)
        {
            await OneAsync(Row.Ours, () => stage.EmptyAsync());
            if (stage.Guide is not null)
                await OneAsync(Guide,
                    () => Servers.FastApiAsync(
                    Path.GetFullPath(arguments.Text("guide") ?? Path.Combine(stage.Root, "..", "shared", "bench")),
                    stage.Ct));
        }

        async Task OneAsync(string who, Func<Task<Child>> open)
        {
            var began = Stopwatch.GetTimestamp();
            using var child = await open();
            time.Of(who).Rounds.Add(new(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 1));
            await Task.Delay(_plan.StartIdle);
            memory.Of(who).Rounds.Add(new(child.Resident / 1048576.0, 1));
        }
    }

    async Task PostgresAsync(string url)
    {
        var row = Add("postgres", $"sends on PostgreSQL, {_plan.Clients} clients", "sends/s", true,
            [new(0.5, Pgbench)], [new(0.7, Pgbench)]);
        await using var rows = await PostgresRows.MakeAsync(url, stage.Root, _plan.Clients, stage.NewFolder());
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));
        using var cote = await stage.EmptyAsync($"Data:Postgres={url}", $"Auth:SigningKey={key}");
        var site = new Site(cote.Url, streams: true);
        await site.RegisterAsync(_plan.Clients, stage.Ct);
        var sends = await StalledAsync(site, _plan.Clients, stage.Ct);
        // Both keep the plans that were made on empty tables until there are statistics, which autovacuum makes within
        // a minute.
        await sends(null, TimeSpan.Zero, _plan.Warm, () => new Cores(("server", cote)));
        await rows.RunAsync(_plan.Warm);
        await rows.AnalyzeAsync();
        for (var round = 0; round < _plan.Rounds; round++)
        {
            row.Of(Row.Ours).Rounds.Add(await sends(null, _plan.Warm, _plan.Length, () => new Cores(("server", cote))));
            row.Of(Pgbench).Rounds.Add(await rows.RunAsync(_plan.Length));
        }
    }
}
