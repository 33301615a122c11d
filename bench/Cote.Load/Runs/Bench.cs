using System.Diagnostics;
using System.Globalization;
using System.Text;
using Cote.Load.Figures;
using Cote.Load.Loads;
using Cote.Load.Wire;
using Cote.Load.Yardsticks;

namespace Cote.Load.Runs;

/// <summary>
/// The whole run: every figure with its yardsticks, in rounds that alternate, so that what else happens on the machine
/// meets all of them alike.
/// </summary>
sealed class Bench(Stage stage, HashSet<string> only, Arguments arguments)
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
                $"{machine["date"].Replace(":", "", StringComparison.Ordinal)}-{machine["commit"].Split(' ')[0]}.json"));
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
        Console.WriteLine($"\n{report.Rows.Count} figures, {wrong} errors and losses, {bench._failures.Count} failures");
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

    async Task GetAsync(string id, string title, string? path, Goal[] target, Goal[] aim)
    {
        var row = Add(id, title, "requests/s", true, target, aim);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        using var kestrel = await Servers.YardstickAsync("kestrel", stage.Ct);
        var (ours, body) = await SettledAsync(site, path ?? $"/chats/{site.FullChat}/messages/");
        var bare = await PutAsync(kestrel, "/bytes", body, site.Accounts[0].Token);
        var contenders = new List<(string Who, Child Child, Operation Operation)> { (Row.Ours, cote, ours),
            (Kestrel, kestrel, bare) };
        if (stage.Guide is { } guide)
            contenders.Add((Guide, guide.Child,
                (await Operations.GetAsync(guide.Site, path ?? $"/chats/{guide.Site.FullChat}/messages/")).Operation));
        else
            row.Of(Guide).Skipped = stage.WithoutGuide;
        for (var round = 0; round < _plan.Rounds; round++)
            foreach (var (who, child, operation) in contenders)
                row.Of(who).Rounds.Add(await HttpLoad.ClosedAsync(
                    child.Address, _plan.Clients, _plan.Warm, _plan.Length, operation, () =>
                        new Cores(("server", child))));
    }

    // A list that was just read may change once more: a reply that it shows is noted as delivered within five seconds.
    static async Task<(Operation Operation, byte[] Body)> SettledAsync(Site site, string path)
    {
        var began = Stopwatch.GetTimestamp();
        var read = await Operations.GetAsync(site, path);
        while (read.Body.AsSpan().IndexOf("\"status\":\"sent\""u8) >= 0
            && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10))
        {
            await Task.Delay(200);
            read = await Operations.GetAsync(site, path);
        }
        return read;
    }

    static async Task<Operation> PutAsync(Child kestrel, string path, byte[] body, string token)
    {
        using var client = new HttpClient { BaseAddress = kestrel.Url };
        using var content = new ByteArrayContent(body);
        using var answer = await client.PutAsync(path, content);
        answer.EnsureSuccessStatusCode();
        return Operations.Get(Request.Get(path, token), body);
    }

    async Task TurnsAsync()
    {
        var row = Add("turns", $"turns, {_plan.Clients} clients", "turns/s", true, [new(1, Guide)], [new(1.6, Guide)]);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        var contenders = new List<(string Who, Child Child, Site Site)> { (Row.Ours, cote, site) };
        if (stage.Guide is { } guide)
            contenders.Add((Guide, guide.Child, guide.Site));
        else
            row.Of(Guide).Skipped = stage.WithoutGuide;
        for (var round = 0; round < _plan.Rounds; round++)
            foreach (var (who, child, server) in contenders)
                row.Of(who).Rounds.Add(
                    await TurnsAsync(server, _plan.Clients, _plan.Warm, _plan.Length,
                    () => new Cores(("server", child), ("model", stage.Model)), stage.Ct));
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

    async Task SendsAsync()
    {
        var row = Add("sends", $"durable sends alone, {_plan.Clients} clients", "sends/s", true, [new(0.5, Sqlite)],
            [new(0.7, Sqlite)]);
        var tail = Add("sends-open", "durable sends at half of that, due at a fixed rate: p99", "ms", false, [], []);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        var calls = await Operations.NumberAsync(stage.Model.Url, "calls");
        var sends = await StalledAsync(site, _plan.Clients, stage.Ct);
        if (await Operations.NumberAsync(stage.Model.Url, "calls") - calls != _plan.Clients)
            throw new InvalidOperationException("not every chat has a reply that is being made");
        var file = stage.CopyDatabase();
        for (var round = 0; round < _plan.Rounds; round++)
        {
            row.Of(Row.Ours).Rounds.Add(await sends(null, _plan.Warm, _plan.Length, () => new Cores(("server", cote))));
            row.Of(Sqlite).Rounds.Add(BareSqlite.Run(file, _plan.Clients, _plan.Warm, _plan.Length));
        }
        var half = row.Of(Row.Ours).Median / 2;
        for (var round = 0; round < _plan.Rounds; round++)
            tail.Of(Row.Ours).Rounds.Add(
                await sends(half, _plan.Warm, _plan.Length, () => new Cores(("server", cote))));
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

    async Task FirstTokenAsync()
    {
        var p50 = Add("first-token-p50", "added time to first token, one client: p50", "ms", false, [new(1.5)],
            [new(0.8)]);
        var p99 = Add("first-token-p99", "… p99", "ms", false, [new(8)], [new(4)]);
        var many = Add("first-token-many", $"… {_plan.ManyClients} streams at once: p99", "ms", false, [new(15)],
            [new(8)]);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        using var relay = await Servers.YardstickAsync("relay", stage.Ct, "--model", stage.Model.Url.ToString());
        var chats = await site.ChatsAsync(_plan.Chats, stage.Ct);
        var model = StreamSource.Model("model", stage.Model.Address);
        StreamSource[] others = [StreamSource.Cote(site, chats), StreamSource.Model(Relay, relay.Address)];
        Cores Meter() => new(("server", cote), ("relay", relay), ("model", stage.Model));
        for (var round = 0; round < _plan.Rounds; round++)
        {
            foreach (var (who, sample) in await StreamLoad.AddedAsync(model, others, 1, _plan.Times, 3, 500, 1, Meter))
            {
                p50.Of(who).Rounds.Add(sample.P50);
                // The same replies: what went wrong in them is counted once.
                p99.Of(who).Rounds.Add(sample.P99 with { Errors = 0, Losses = 0 });
            }
            foreach (var (who, sample) in await StreamLoad.AddedAsync(
                model, others, _plan.ManyClients, _plan.ManyTimes, _plan.ManyTokens, 50, 50, Meter))
                many.Of(who).Rounds.Add(sample.P99);
        }
    }

    async Task StreamsAsync()
    {
        var row = Add("streams", "streams at 50 tokens/s that are kept up with", "streams", true, [new(500)],
            [new(1_000)]);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        using var relay = await Servers.YardstickAsync("relay", stage.Ct, "--model", stage.Model.Url.ToString());
        var chats = await site.ChatsAsync(_plan.Streams.Max(), stage.Ct);
        (StreamSource Source, Child Child)[] contenders = [(StreamSource.Cote(site, chats), cote),
            (StreamSource.Model(Relay, relay.Address), relay)];
        for (var round = 0; round < _plan.Rounds; round++)
        {
            var best = contenders.ToDictionary(x => x.Source.Who, _ => new Sample(0));
            var beaten = new HashSet<string>();
            foreach (var count in _plan.Streams)
                foreach (var (source, child) in contenders.Where(x => !beaten.Contains(x.Source.Who)))
                {
                    var sample = await StreamLoad.ManyAsync(
                        source, count, _plan.StreamTokens, 50, () =>
                        new Cores(("server", child), ("model", stage.Model)));
                    var kept = sample.Losses == 0 && sample.Value >= count * 0.99;
                    Say($"streams {source.Who} {count}: kept {sample.Value}, lost {sample.Losses}, lag p99 {sample.Detail["token_lag_p99_ms"]:0} ms, "
                        + $"server {sample.Detail["cores_server"]:0.00} cores");
                    var losses = best[source.Who].Losses + sample.Losses;
                    if (kept || best[source.Who].Value == 0)
                        best[source.Who] = sample with { Value = kept ? count : 0 };
                    best[source.Who] = best[source.Who] with { Losses = losses };
                    if (!kept)
                        beaten.Add(source.Who);
                }
            foreach (var (who, sample) in best)
                row.Of(who).Rounds.Add(sample);
        }
    }

    async Task IdleAsync()
    {
        var count = Math.Min(_plan.IdleSockets, MostSockets());
        var row = Add("idle", $"memory of an idle authenticated socket, {count:N0} of them", "KB", false, [new(20)],
            [new(14)]);
        for (var round = 0; round < _plan.Rounds; round++)
        {
            var (cote, site) = await stage.CoteAsync();
            using (cote)
                row.Of(Row.Ours).Rounds.Add(
                    await IdleAsync(cote, x => site.Accounts[x % site.Accounts.Count].Token, count));
            using var bare = await Servers.YardstickAsync("sockets", stage.Ct);
            row.Of(Bare).Rounds.Add(await IdleAsync(bare, _ => null, count));
        }
    }

    async Task<Sample> IdleAsync(Child server, Func<int, string?> token, int count)
    {
        // What is loaded and compiled with the first sockets is no socket's own.
        await SocketLoad.IdleAsync(server.Address, "/ws", token, Math.Min(200, count), 0, () => 0, TimeSpan.Zero);
        await Task.Delay(_plan.IdleLie);
        return await SocketLoad.IdleAsync(server.Address, "/ws", token, count, server.Resident, () => server.Resident,
            _plan.IdleLie);
    }

    static int MostSockets()
    {
        var limit = File.Exists("/proc/self/limits")
            ? File.ReadLines("/proc/self/limits").First(x => x.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[4] : "unlimited";
        return limit == "unlimited" ? int.MaxValue
            : Math.Max(100, int.Parse(limit, CultureInfo.InvariantCulture) - 1_000);
    }

    async Task FanOutAsync()
    {
        var row = Add("fan-out", $"frames to {_plan.FanSockets:N0} sockets of one user", "frames/s", true,
            [new(100_000)], [new(250_000)]);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        using var bare = await Servers.YardstickAsync("sockets", stage.Ct);
        var account = site.Accounts[^1];
        for (var round = 0; round < _plan.Rounds; round++)
        {
            var best = new Sample(0);
            foreach (var replies in _plan.FanReplies)
            {
                var sample = await SocketLoad.FanOutAsync(site, account, _plan.FanSockets, replies, _plan.FanSeconds,
                    () => new Cores(("server", cote), ("model", stage.Model)));
                Say($"fan-out of {replies} replies: {sample.Value:N0} frames/s, lost {sample.Losses}, last end after {sample.Detail["last_end_after_seconds"]:0.0} s, "
                    + $"server {sample.Detail["cores_server"]:0.00} cores, generator {sample.Detail["cores_generator"]:0.00}");
                var (errors, losses, fault) = (best.Errors + sample.Errors, best.Losses + sample.Losses, best.Fault
                    ?? sample.Fault);
                best = (sample.Value > best.Value ? sample
                    : best) with { Errors = errors, Losses = losses, Fault = fault };
            }
            row.Of(Row.Ours).Rounds.Add(best);
            row.Of(Bare).Rounds.Add(
                await SocketLoad.BlastAsync(bare.Address, _plan.FanSockets, _plan.BlastFrames,
                () => new Cores(("server", bare))));
        }
    }

    async Task LongChatAsync()
    {
        const string Empty = "empty chat";
        var row = Add("long-chat", $"chat of {_plan.LongChat:N0} messages: send to model call, p99", "ms", false,
            [new(20)], [new(8)]);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        var account = site.Accounts[Math.Min(1, site.Accounts.Count - 1)];
        for (var round = 0; round < _plan.Rounds; round++)
        {
            row.Of(Row.Ours).Rounds.Add(
                await StreamLoad.UntilModelAsync(site, account, site.LongChat, _plan.LongTimes));
            row.Of(Empty).Rounds.Add(
                await StreamLoad.UntilModelAsync(site, account, await site.CreateChatAsync(account),
                Math.Min(20, _plan.LongTimes)));
        }
    }

    async Task ResumeAsync()
    {
        var row = Add("resume", "resume with 100 missed events: p99", "ms", false, [new(50)], [new(20)]);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        for (var round = 0; round < _plan.Rounds; round++)
            row.Of(Row.Ours).Rounds.Add(await SocketLoad.ResumeAsync(site, site.Accounts[0], 100, _plan.ResumeTimes));
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
        using var cote = await stage.EmptyAsync(
            $"Data:Postgres={url}",
                $"Auth:SigningKey={Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(48))}");
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
