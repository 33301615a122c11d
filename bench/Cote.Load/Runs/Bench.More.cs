using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cote.Load.Figures;
using Cote.Load.Loads;
using Cote.Load.Wire;

namespace Cote.Load.Runs;

sealed partial class Bench
{
    async Task ToolsAsync()
    {
        const int Calls = 3;
        var row = Add("tools", $"replies with thoughts and three calls of an MCP tool, {_plan.ToolClients} clients",
            "replies/s", true, [], []);
        var cpu = Add("tools-cpu", "… processor time of one", "ms", false, [], []);
        var p50 = Add("tools-p50", "… p50 of one", "ms", false, [], []);
        var p99 = Add("tools-p99", "… p99 of one", "ms", false, [], []);
        using var tools = await Servers.YardstickAsync("tools", stage.Ct);
        using var cote = await stage.OursAsync($"Tools:Mcp:bench:Url={new Uri(tools.Url, "/mcp")}",
            "Tools:Mcp:bench:Approval=never", "Tools:Mcp:bench:Trusted=*");
        await LoadAsync(TimeSpan.Zero, _plan.Warm); // the first replies wait for the list of tools
        for (var round = 0; round < _plan.Rounds; round++)
            new TurnRows(row, cpu, p50, p99).Add(Row.Ours, await LoadAsync(_plan.Warm, _plan.Length));

        Task<Sample> LoadAsync(TimeSpan warm, TimeSpan length) => TurnsAsync(
            cote.Site, _plan.ToolClients, Plan.ChatsOfClient, warm, length,
            () => new Cores((Cores.Server, cote.Child), (Cores.Model, stage.Model), ("tools", tools)), stage.Ct, Calls);
    }

    async Task SearchAsync()
    {
        var common = Add("search", $"search in {_plan.LongChat:N0} messages, a word of half of them: p99", "ms", false,
            [], []);
        var rare = Add("search-rare", "… a word of one of them: p99", "ms", false, [], []);
        using var cote = await stage.OursAsync();
        var account = cote.Site.Accounts[Math.Min(1, cote.Site.Accounts.Count - 1)];
        await cote.Site.AskOnceAsync(account, "Where do nightingales sleep? ");
        await IndexedAsync(cote.Site, account);
        for (var round = 0; round < _plan.Rounds; round++)
            foreach (var (row, word, hits) in new[] { (common, "doves", 20), (rare, "nightingales", 1) })
            {
                var request = Request.Get($"/search?q={word}", account.Token);
                using var http = new HttpConnection(cote.Site.Address);
                var expected = (await http.ExchangeAsync(request)).ToArray();
                // A question of the rare word is the one that holds it.
                var found = JsonElement.Parse(expected).GetArrayLength();
                if (http.Status != 200 || found < Math.Min(hits, _plan.LongChat / 4))
                    throw new InvalidOperationException($"{word} was found {found} times");
                row.Of(Row.Ours).Rounds.Add(await OneAsync(cote, Operations.Get(request, expected)));
            }
    }

    // While the index catches up, answers say so.
    async Task IndexedAsync(Site site, Account account)
    {
        using var http = new HttpClient { BaseAddress = site.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", account.Token);
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            using var answer = await http.GetAsync("/search?q=nightingales", stage.Ct);
            answer.EnsureSuccessStatusCode();
            if (!answer.Headers.Contains("Cote-Search-Complete"))
                return;
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(2))
                throw new TimeoutException("the index of the search does not catch up");
            await Task.Delay(100, stage.Ct);
        }
    }

    /// <summary>One client that repeats an operation; the figure is the 99th percentile.</summary>
    async Task<Sample> OneAsync(Contender contender, Operation operation)
    {
        var sample = await HttpLoad.ClosedAsync(contender.Site.Address, 1, _plan.Warm, _plan.Length, operation,
            () => contender.Meter(stage.Model));
        return sample with { Value = sample.Detail["p99_ms"] };
    }

    async Task SwitchAsync()
    {
        var row = Add("switch", $"switch between two paths of {_plan.Branch} messages: p99", "ms", false, [], []);
        using var cote = await stage.OursAsync();
        var account = cote.Site.Accounts[0];
        var (chat, first, second) = await cote.Site.BranchAsync(account, _plan.Branch);
        var paths = new[] { first, second }.Select(leaf => (
            Request: Request.Put(
                $"/chats/{chat}/leaf", account.Token, JsonSerializer.Serialize(new { message_id = leaf })),
            Leaf: Encoding.ASCII.GetBytes($"\"leaf_id\":\"{leaf}\""))).ToArray();
        var turn = 0;
        for (var round = 0; round < _plan.Rounds; round++)
            row.Of(Row.Ours).Rounds.Add(await OneAsync(cote, async (http, _) =>
            {
                var (request, leaf) = paths[turn++ % 2];
                var body = await http.ExchangeAsync(request);
                return http.Status != 200 ? $"status {http.Status}"
                    : body.Span.IndexOf(leaf) < 0 ? "not the leaf" : null;
            }));
    }

    async Task GatewayAsync()
    {
        var p50 = Add("gateway-p50", "what /v1 adds to the time to the first token: p50", "ms", false, [], []);
        var p99 = Add("gateway-p99", "… p99", "ms", false, [], []);
        using var cote = await stage.OursAsync();
        using var relay = await Servers.YardstickAsync("relay", stage.Ct, "--model", stage.Model.Url.ToString());
        var account = cote.Site.Accounts[0];
        var id = (await cote.Site.ReadAsync(account, "/v1/models")).GetProperty("data").EnumerateArray()
            .Select(x => x.GetProperty("id").GetString()!).First(x => x.Contains("bench", StringComparison.Ordinal));
        StreamSource[] others = [StreamSource.Model(Relay, relay.Address),
            StreamSource.Model(Row.Ours, cote.Site.Address, id, account.Token)];
        for (var round = 0; round < _plan.Rounds; round++)
            foreach (var (who, sample) in await StreamLoad.AddedAsync(
                StreamSource.Model("model", stage.Model.Address), others, 1, _plan.Times, new(3, 500, 1),
                () => new Cores((Cores.Server, cote.Child), ("relay", relay), (Cores.Model, stage.Model))))
            {
                p50.Of(who).Rounds.Add(sample.P50);
                p99.Of(who).Rounds.Add(sample.P99 with { Errors = 0, Losses = 0 });
            }
    }

    async Task PageAsync()
    {
        var size = Add("page-bytes", "the page's first load: bodies as a browser gets them", "KB", false, [], []);
        var time = Add("page-ms", "… all of them over one connection, one after the other: p50", "ms", false, [], []);
        using var cote = await stage.OursAsync();
        using var http = new HttpConnection(cote.Site.Address);
        var files = await FilesAsync(http);
        var requests = files.Select(x => Request.Compressed(x.Path)).ToArray();
        for (var round = 0; round < _plan.Rounds; round++)
        {
            size.Of(Row.Ours).Rounds.Add(new(files.Sum(x => (long)x.Bytes) / 1024.0, files.Count));
            time.Of(Row.Ours).Rounds.Add(await PageAsync(http, files, requests));
        }
    }

    async Task<Sample> PageAsync(HttpConnection http, List<(string Path, int Bytes)> files, byte[][] requests)
    {
        var (ms, errors) = (new List<double>(), 0L);
        for (var time = 0; time < _plan.Times / 4; time++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < requests.Length; i++)
                if ((await http.ExchangeAsync(requests[i])).Length != files[i].Bytes || http.Status != 200)
                    errors++;
            ms.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return new(Percentiles.Of(ms, 50), ms.Count, errors) { Detail = { ["p99_ms"] = Percentiles.Of(ms, 99) } };
    }

    // The page, and what it loads before it shows anything: its scripts, styles, icon and manifest.
    static async Task<List<(string Path, int Bytes)>> FilesAsync(HttpConnection http)
    {
        var page = (await http.ExchangeAsync(Request.Compressed("/"))).ToArray();
        using var plain = new MemoryStream();
        using (var unpacked = new BrotliStream(new MemoryStream(page), CompressionMode.Decompress))
            await unpacked.CopyToAsync(plain);
        var files = new List<(string, int)> { ("/", page.Length) };
        foreach (Match match in Loaded().Matches(Encoding.UTF8.GetString(plain.ToArray())))
        {
            var path = match.Groups[1].Value;
            var length = (await http.ExchangeAsync(Request.Compressed(path))).Length;
            if (http.Status != 200)
                throw new InvalidOperationException($"{path} was answered with {http.Status}");
            files.Add((path, length));
        }
        return files.Count > 1 ? files : throw new InvalidOperationException("the page loads nothing");
    }

    [GeneratedRegex("<(?:script|link)[^>]* (?:src|href)=\"(/[^\"]+)\"")]
    private static partial Regex Loaded();
}
