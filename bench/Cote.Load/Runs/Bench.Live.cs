using System.Globalization;
using Cote.Load.Figures;
using Cote.Load.Loads;

namespace Cote.Load.Runs;

sealed partial class Bench
{
    async Task FirstTokenAsync()
    {
        var p50 = Add("first-token-p50", "added time to first token, one client: p50", "ms", false,
            [new(0.3, Node), new(4, Relay)], [new(0.2, Node), new(3, Relay)]);
        var p99 = Add("first-token-p99", "… p99", "ms", false, [new(8)], [new(4)]);
        var many = Add("first-token-many", $"… {_plan.ManyClients} streams at once: p99", "ms", false, [new(15)],
            [new(8)]);
        using var contenders = await ContendersAsync([p50, p99], Guide, Node);
        using var relay = await Servers.YardstickAsync("relay", stage.Ct, "--model", stage.Model.Url.ToString());
        var model = StreamSource.Model("model", stage.Model.Address);
        var others = new List<StreamSource> { StreamSource.Model(Relay, relay.Address) };
        foreach (var contender in contenders)
            others.Add(await SourceAsync(contender));
        Cores Meter() => new((Cores.Server, contenders[0].Child), ("relay", relay), (Cores.Model, stage.Model));
        for (var round = 0; round < _plan.Rounds; round++)
        {
            foreach (var (who, sample) in await StreamLoad.AddedAsync(
                model, [.. others], 1, _plan.Times, new(3, 500, 1), Meter))
            {
                p50.Of(who).Rounds.Add(sample.P50);
                // The same replies: what went wrong in them is counted once.
                p99.Of(who).Rounds.Add(sample.P99 with { Errors = 0, Losses = 0 });
            }
            // The peers cannot keep up with so many.
            foreach (var (who, sample) in await StreamLoad.AddedAsync(
                model, [.. others.Take(2)], _plan.ManyClients, _plan.ManyTimes, new(_plan.ManyTokens, 50, 50), Meter))
                many.Of(who).Rounds.Add(sample.P99);
        }
    }

    async Task StreamsAsync()
    {
        var row = Add("streams", "streams at 50 tokens/s that are kept up with", "streams", true, [new(500)],
            [new(1_000)]);
        using var contenders = await ContendersAsync([row], Guide, Node);
        using var relay = await Servers.YardstickAsync("relay", stage.Ct, "--model", stage.Model.Url.ToString());
        var readers = new List<Readers> { OfRelay(relay, _plan.Streams) };
        foreach (var contender in contenders)
            readers.Add(await ReadersAsync(contender, contender.Who == Row.Ours ? _plan.Streams : _plan.PeerStreams));
        await StreamsAsync(row, readers);
    }

    /// <summary>Who reads streams of whom, at which numbers at once.</summary>
    sealed record Readers(StreamSource Source, Child Child, Func<Cores> Meter, int[] Levels);

    async Task<StreamSource> SourceAsync(Contender contender) => StreamSource.Chats(
        contender.Who, contender.Site, await contender.Site.ChatsAsync(contender.Chats, stage.Ct));

    async Task<Readers> ReadersAsync(Contender contender, int[] levels) => new(
        await SourceAsync(contender), contender.Child, () => contender.Meter(stage.Model), levels);

    Readers OfRelay(Child relay, int[] levels) => new(StreamSource.Model(Relay, relay.Address), relay,
        () => new((Cores.Server, relay), (Cores.Model, stage.Model)), levels);

    /// <summary>The highest number of streams that each keeps up with: from the lowest to the first too high.</summary>
    async Task StreamsAsync(Row row, List<Readers> all)
    {
        await WarmAsync(all);
        for (var round = 0; round < _plan.Rounds; round++)
        {
            var best = all.ToDictionary(x => x.Source.Who, _ => new Sample(0));
            var beaten = new HashSet<string>();
            for (var level = 0; level < all.Max(x => x.Levels.Length); level++)
                foreach (var readers in all.Where(x => level < x.Levels.Length && !beaten.Contains(x.Source.Who)))
                {
                    var (who, count) = (readers.Source.Who, readers.Levels[level]);
                    var sample = await ManyAsync(readers, count);
                    var kept = sample.Losses == 0 && sample.Value >= count * 0.99;
                    var (losses, fault) = (best[who].Losses + sample.Losses, best[who].Fault ?? sample.Fault);
                    if (kept || best[who].Value == 0)
                        best[who] = sample with { Value = kept ? count : 0 };
                    best[who] = best[who] with { Losses = losses, Fault = fault };
                    if (!kept)
                        beaten.Add(who);
                }
            foreach (var (who, sample) in best)
                row.Of(who).Rounds.Add(sample);
        }
    }

    // What is loaded and compiled with the first streams is no later stream's.
    async Task WarmAsync(List<Readers> all)
    {
        foreach (var readers in all)
            await StreamLoad.ManyAsync(readers.Source, 10, 25, 50, () => new());
    }

    async Task<Sample> ManyAsync(Readers readers, int count)
    {
        var sample = await StreamLoad.ManyAsync(
            readers.Source, count, _plan.StreamTokens, 50, readers.Meter, () => readers.Child.Resident);
        Say($"streams {readers.Source.Who} {count}: kept {sample.Value}, lost {sample.Losses}, lag p99 "
            + $"{sample.Detail[StreamLoad.LagP99]:0} ms, server {sample.Detail["cores_server"]:0.00} cores"
            + (sample.Fault is { } fault ? $", the first lost {fault}" : ""));
        return sample;
    }

    async Task LagAsync()
    {
        var rows = _plan.LagStreams.Zip(["few", "many"], (count, name) => (
            Count: count,
            P50: Add($"lag-{name}-p50", $"token lag behind the model's schedule, {count} streams: p50", "ms", false,
                [], []),
            P99: Add($"lag-{name}-p99", "… p99", "ms", false, [], []))).ToArray();
        using var contenders = await ContendersAsync([rows[0].P50, rows[0].P99], Guide, Node);
        using var relay = await Servers.YardstickAsync("relay", stage.Ct, "--model", stage.Model.Url.ToString());
        var all = new List<Readers> { OfRelay(relay, []) };
        foreach (var contender in contenders)
            all.Add(await ReadersAsync(contender, []));
        await WarmAsync(all);
        for (var round = 0; round < _plan.Rounds; round++)
            for (var i = 0; i < rows.Length; i++)
                foreach (var readers in i == 0 ? all : all.Take(2)) // the peers cannot keep up with so many
                {
                    var sample = await ManyAsync(readers, rows[i].Count);
                    rows[i].P50.Of(readers.Source.Who).Rounds.Add(
                        sample with { Value = sample.Detail[StreamLoad.LagP50] });
                    rows[i].P99.Of(readers.Source.Who).Rounds.Add(sample.As(StreamLoad.LagP99));
                }
    }

    async Task StreamsMemoryAsync()
    {
        var row = Add("streams-memory", $"resident with {_plan.MemoryStreams} streams", "MB", false, [], []);
        for (var round = 0; round < _plan.Rounds; round++)
        {
            using var contenders = await ContendersAsync([row], Guide, Node);
            foreach (var contender in contenders)
            {
                var sample = await ManyAsync(await ReadersAsync(contender, []), _plan.MemoryStreams);
                row.Of(contender.Who).Rounds.Add(sample with { Value = sample.Detail["resident_mb"] });
            }
        }
    }

    async Task IdleAsync()
    {
        var count = Math.Min(_plan.IdleSockets, MostSockets());
        var row = Add("idle", $"memory of an idle authenticated socket, {count:N0} of them", "KB", false,
            [new(1.3, Bare)], [new(1.1, Bare)]);
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
                Say($"fan-out of {replies} replies: {sample.Value:N0} frames/s, lost {sample.Losses}, last end after "
                    + $"{sample.Detail["last_end_after_seconds"]:0.0} s, "
                    + $"server {sample.Detail["cores_server"]:0.00} cores, generator "
                        + $"{sample.Detail["cores_generator"]:0.00}");
                var (errors, losses, fault) = (best.Errors + sample.Errors, best.Losses + sample.Losses, best.Fault
                    ?? sample.Fault);
                best = (sample.Value > best.Value ? sample
                    : best) with
                { Errors = errors, Losses = losses, Fault = fault };
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
}
