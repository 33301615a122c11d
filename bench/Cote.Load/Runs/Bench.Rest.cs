using System.Diagnostics;
using Cote.Load.Figures;
using Cote.Load.Loads;
using Cote.Load.Wire;
using Cote.Load.Yardsticks;

namespace Cote.Load.Runs;

sealed partial class Bench
{
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
}
