using System.Globalization;
using Cote.Load.Figures;
using Cote.Load.Loads;

namespace Cote.Load.Runs;

sealed partial class Bench
{
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
                    Say($"streams {source.Who} {count}: kept {sample.Value}, lost {sample.Losses}, lag p99 "
                        + $"{sample.Detail["token_lag_p99_ms"]:0} ms, "
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
