using System.Diagnostics;
using Cote.Load.Figures;
using Cote.Load.Loads;
using Cote.Load.Wire;
using Cote.Load.Yardsticks;

namespace Cote.Load.Runs;

sealed partial class Bench
{
    async Task GetAsync(string id, string title, string? path, string[] peers, Goal[] target, Goal[] aim)
    {
        var row = Add(id, title, "requests/s", true, target, aim);
        using var servers = await ContendersAsync([row], peers);
        var (cote, site) = (servers[0].Child, servers[0].Site);
        using var kestrel = await Servers.YardstickAsync("kestrel", stage.Ct);
        var (ours, body) = await SettledAsync(site, path ?? $"/chats/{site.FullChat}/messages/");
        var bare = await PutAsync(kestrel, "/bytes", body, site.Accounts[0].Token);
        var contenders = new List<(string Who, Child Child, Operation Operation)> { (Row.Ours, cote, ours),
            (Kestrel, kestrel, bare) };
        foreach (var peer in servers.Skip(1))
            contenders.Add((peer.Who, peer.Child, await OperationAsync(peer.Site)));
        if (await stage.InMemoryAsync() is { } other)
            contenders.Add((InMemory, other.Child, await OperationAsync(other.Site)));
        else
            row.Of(InMemory).Skipped = stage.WithoutInMemory;
        for (var round = 0; round < _plan.Rounds; round++)
            foreach (var (who, child, operation) in contenders)
                row.Of(who).Rounds.Add(await HttpLoad.ClosedAsync(
                    child.Address, _plan.Clients, _plan.Warm, _plan.Length, operation, () =>
                        new Cores((Cores.Server, child))));

        async Task<Operation> OperationAsync(Site other) =>
            (await Operations.GetAsync(other, path ?? $"/chats/{other.FullChat}/messages/")).Operation;
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

    async Task StartAsync()
    {
        var time = Add("start", "cold start to the first 200", "ms", false, [new(0.8, InMemory)], [new(0.5, InMemory)]);
        var memory = Add("start-memory", "resident when idle", "MB", false, [new(80)], [new(60)]);
        var starts = new List<(string Who, Func<Task<Child>> Open)> { (Row.Ours, () => stage.EmptyAsync()) };
        if (await stage.InMemoryAsync() is not null)
            starts.Add((InMemory, () => Servers.FastApiAsync(stage)));
        foreach (var who in new[] { Guide, Node })
            if (await stage.Peers.MissingAsync(who) is { } missing)
                (time.Of(who).Skipped, memory.Of(who).Skipped) = (missing, missing);
            else
                starts.Add((who, () => stage.Peers.RunAsync(who, stage.NewFolder())));
        for (var start = 0; start < _plan.Starts; start++)
            foreach (var (who, open) in starts)
            {
                var began = Stopwatch.GetTimestamp();
                using var child = await open();
                time.Of(who).Rounds.Add(new(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 1));
                await Task.Delay(_plan.StartIdle);
                memory.Of(who).Rounds.Add(new(child.Resident / 1048576.0, 1));
            }
    }

    async Task RestartAsync()
    {
        var row = AddRestart("restart", "kill -9 to the next new token");
        var folder = await stage.CopySeedAsync();
        for (var time = 0; time < _plan.Rounds * _plan.Restarts; time++)
            row.Of(Row.Ours).Rounds.Add(await RestartLoad.KillAsync(
                () => Servers.CoteAsync(stage.Program, folder, stage.Model.Url, stage.Ct), await stage.SeededAsync()));
    }

    Row AddRestart(string id, string title) => Add(id, title, "s", false, [new(2)], [new(1)]);
}
