using Cote.Load.Figures;
using Cote.Load.Loads;
using Cote.Load.Wire;
using Cote.Load.Yardsticks;

namespace Cote.Load.Runs;

sealed partial class Bench
{
    /// <summary>What is told of turns: how many, what one takes of the processor, and how long it lasts.</summary>
    sealed record TurnRows(Row Rate, Row Cpu, Row P50, Row P99)
    {
        public Row[] All => [Rate, Cpu, P50, P99];

        public void Add(string who, Sample sample)
        {
            Rate.Of(who).Rounds.Add(sample);
            Cpu.Of(who).Rounds.Add(sample.As(Sample.CpuEach));
            P50.Of(who).Rounds.Add(sample.As("p50_ms"));
            P99.Of(who).Rounds.Add(sample.As("p99_ms"));
        }
    }

    async Task TurnsAsync()
    {
        var rows = AddTurns("turns", "turns", [new(15, Guide), new(12, Node)], [new(20, Guide), new(16, Node)],
            [new(1 / 8.0, Node)], [new(1 / 12.0, Node)]);
        var memory = Add("turns-memory", "… against the guide's in-memory turn, which calls no model", "turns/s", true,
            [new(1, InMemory)], [new(1.6, InMemory)]);
        using var contenders = await ContendersAsync(rows.All, Guide, Node);
        await WarmUpAsync(contenders);
        for (var round = 0; round < _plan.Rounds; round++)
        {
            foreach (var contender in contenders)
                await TurnsAsync(rows, contender);
            var ours = rows.Rate.Of(Row.Ours).Rounds[^1];
            memory.Of(Row.Ours).Rounds.Add(ours.As(ours.Value));
            if (await stage.InMemoryAsync() is { } other)
                memory.Of(InMemory).Rounds.Add(await TurnsAsync(other.Site, _plan.Clients, Plan.ChatsOfClient,
                    _plan.Warm, _plan.Length, () => new Cores((Cores.Server, other.Child)), stage.Ct));
            else
                memory.Of(InMemory).Skipped = stage.WithoutInMemory;
        }
    }

    TurnRows AddTurns(string id, string what, Goal[] target, Goal[] aim, Goal[] cpuTarget, Goal[] cpuAim) => new(
        Add(id, $"{what}, {_plan.Clients} clients", "turns/s", true, target, aim),
        Add(id + "-cpu", "… processor time of one, its database's included", "ms", false, cpuTarget, cpuAim),
        Add(id + "-p50", "… p50 of one", "ms", false, [], []),
        Add(id + "-p99", "… p99 of one", "ms", false, [], []));

    async Task WarmUpAsync(Contenders contenders)
    {
        foreach (var contender in contenders)
            await TurnsAsync(contender.Site, _plan.Clients, contender.ChatsOfClient, TimeSpan.Zero, _plan.WarmUp,
                () => contender.Meter(stage.Model), stage.Ct);
    }

    async Task TurnsAsync(TurnRows rows, Contender contender) => rows.Add(contender.Who, await TurnsAsync(
        contender.Site, _plan.Clients, contender.ChatsOfClient, _plan.Warm, _plan.Length,
        () => contender.Meter(stage.Model), stage.Ct));

    /// <summary>Turns in a closed loop, each client going round so many chats of its own.</summary>
    public static async Task<Sample> TurnsAsync(Site site, int clients, int chatsOfClient, TimeSpan warm,
        TimeSpan length, Func<Cores> cores, CancellationToken ct, int tools = 0)
    {
        // In ever the same chat the prompt would grow with every turn, and the faster server would have the longer
        // ones.
        const int Tokens = 8;
        var chats = await site.ChatsAsync(clients * chatsOfClient, ct);
        var question = tools > 0 ? ReplyText.AskTools(tools, Tokens) : ReplyText.Ask(Tokens);
        var requests = chats.Select(x => site.Send(x.Account, x.Chat, question)).ToArray();
        var (before, acknowledged) = (await Operations.CountAsync(site, chats), new long[chats.Length]);
        var sample = await HttpLoad.ClosedAsync(
            site.Address, clients, warm, length,
            Operations.Turn(requests, clients, acknowledged, site.Streams, Tokens, tools), cores);
        return await sample.AccountForAsync(site, chats, before, acknowledged);
    }

    async Task SendsAsync()
    {
        var row = Add("sends", $"durable sends alone, {_plan.Clients} clients", "sends/s", true, [new(0.5, Sqlite)],
            [new(0.7, Sqlite)]);
        var tail = Add("sends-open", "durable sends at half of that, due at a fixed rate: p99", "ms", false, [], []);
        var ratio = Add("sends-open-ratio", "… p99 against p50", "×", false, [new(20)], [new(10)]);
        var (cote, site) = await stage.CoteAsync();
        using var _ = cote;
        var calls = await Operations.NumberAsync(stage.Model.Url, "calls");
        var sends = await StalledAsync(site, _plan.Clients, stage.Ct);
        for (var left = 60; await Operations.NumberAsync(stage.Model.Url, "calls") - calls != _plan.Clients; left--)
            await (left > 0 ? Task.Delay(500, stage.Ct)
                : throw new InvalidOperationException("not every chat has a reply that is being made"));
        var file = await stage.CopyDatabaseAsync();
        for (var round = 0; round < _plan.Rounds; round++)
        {
            row.Of(Row.Ours).Rounds.Add(await sends(null, _plan.Warm, _plan.Length, () => new Cores(("server", cote))));
            row.Of(Sqlite).Rounds.Add(BareSqlite.Run(file, _plan.Clients, _plan.Warm, _plan.Length));
        }
        var half = row.Of(Row.Ours).Median / 2;
        for (var round = 0; round < _plan.Rounds; round++)
        {
            var sample = await sends(half, _plan.Warm, _plan.Length, () => new Cores(("server", cote)));
            tail.Of(Row.Ours).Rounds.Add(sample);
            ratio.Of(Row.Ours).Rounds.Add(sample.As(sample.Detail["p99_ms"] / sample.Detail["p50_ms"]));
        }
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
}
