using Cote.Load.Figures;
using Cote.Load.Loads;

namespace Cote.Load.Runs;

/// <summary>One load on a server that somebody else has started: by its URL, with accounts of its own.</summary>
static class Drive
{
    public static async Task<int> RunAsync(string what, Arguments arguments, CancellationToken ct)
    {
        using var site = new Site(arguments.Url, streams: !arguments.Has("guide"));
        var clients = arguments.Number("clients", 64);
        var (warm, length) = (arguments.Seconds("warm", 1), arguments.Seconds("seconds", 5));
        double? rate = arguments.Text("rate") is null ? null : arguments.Number("rate", 0);
        await site.RegisterAsync(arguments.Number("users", Math.Min(clients, 8)), ct);
        Cores Meter() => new(Meters(arguments));
        var (unit, more) = what switch
        {
            "idle" => ("KB", false),
            "resume" => ("ms", false),
            "streams" => ("streams", true),
            "fan-out" => ("frames/s", true),
            _ => rate is null ? ("per second", true) : ("ms", false),
        };
        var sample = what switch
        {
            "users-me" => await HttpAsync((await Operations.GetAsync(site, "/users/me")).Operation),
            "chats-50" => await FilledAsync(() => "/chats/"),
            "messages-50" => await FilledAsync(() => $"/chats/{site.FullChat}/messages/"),
            "sends" => await (await Bench.StalledAsync(site, clients, ct))(rate, warm, length, Meter),
            "turns" => await Bench.TurnsAsync(
                site, clients, arguments.Number("chats", Plan.ChatsOfClient), warm, length, Meter, ct),
            "streams" => await StreamLoad.ManyAsync(
                StreamSource.Chats(Row.Ours, site, await site.ChatsAsync(clients, ct)), clients,
                (int)length.TotalSeconds * 50, 50, Meter),
            "fan-out" => await SocketLoad.FanOutAsync(site, site.Accounts[0], clients, arguments.Number("replies", 4),
                (int)length.TotalSeconds, Meter),
            "idle" => await SocketLoad.IdleAsync(
                site.Address, "/ws", x =>
                    site.Accounts[x % site.Accounts.Count].Token, clients, Resident(), Resident, length),
            "resume" => await ResumeAsync(),
            _ => throw new FormatException($"There is no load called {what}."),
        };
        var row = new Row(what, $"{what}, {clients} clients", unit, more);
        row.Of(Row.Ours).Rounds.Add(sample);
        var report = new Report(MachineFacts.Read(Environment.CurrentDirectory),
            new() { ["url"] = site.Url.ToString() }, [row]);
        Console.WriteLine(report.Table() + "\n" + report.Details());
        if (arguments.Text("json") is { } file)
            report.Save(file);
        return sample.Errors + sample.Losses == 0 ? 0 : 1;

        Task<Sample> HttpAsync(Operation operation) =>
            rate is null ? HttpLoad.ClosedAsync(site.Address, clients, warm, length, operation, Meter)
            : HttpLoad.OpenAsync(site.Address, clients, rate.Value, warm, length, operation, Meter);

        async Task<Sample> FilledAsync(Func<string> path)
        {
            await site.FillAsync(50, 50);
            await Task.Delay(TimeSpan.FromSeconds(6), ct); // until what was read is noted as delivered
            return await HttpAsync((await Operations.GetAsync(site, path())).Operation);
        }

        async Task<Sample> ResumeAsync()
        {
            await site.FillAsync(1, 100);
            return await SocketLoad.ResumeAsync(site, site.Accounts[0], 100, 100);
        }

        // Of the process that is named, as only a neighbour of the server can read it.
        long Resident() => File.ReadLines($"/proc/{arguments.Number("pid", 0)}/status")
            .Where(x => x.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Select(x => long.Parse(x.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024).Single();
    }

    // Of the server, and of a PostgreSQL by its first process: all of it, or what serves one database.
    static IEnumerable<(string Name, Func<double> Taken)> Meters(Arguments arguments)
    {
        if (arguments.Has("pid"))
            yield return (Cores.Server, () => ProcessTimes.Of(arguments.Number("pid", 0)));
        if (arguments.Has("postmaster"))
            yield return (Cores.Database,
                () => ProcessTimes.OfPostgres(arguments.Number("postmaster", 0), arguments.Text("database")));
    }
}
