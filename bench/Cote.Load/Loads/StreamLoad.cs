using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Cote.Load.Figures;
using Cote.Load.Wire;

namespace Cote.Load.Loads;

/// <summary>One stream as its reader saw it.</summary>
/// <param name="FirstToken">Ticks from the request to the first text.</param>
/// <param name="Took">Ticks from the request to the end.</param>
/// <param name="Live">Every token came before the end. Where the server is behind, the end brings the text.</param>
/// <param name="Fault">What was wrong, or null where the whole text came.</param>
readonly record struct StreamSeen(long FirstToken, long Took, int Frames, bool Live, string? Fault);

/// <summary>Where a stream comes from: the model itself, a bare relay of it, or a backend.</summary>
/// <param name="Places">How many different requests there are.</param>
sealed record StreamSource(string Who, IPEndPoint Address, int Places, Func<int, string, byte[]> Ask, bool IsModel)
{
    /// <summary>The model, or what passes its bytes on.</summary>
    public static StreamSource Model(string who, IPEndPoint address, string model = "bench", string? token = null) =>
        new(who, address, 1, (_, content) => Request.Post(
            "/v1/chat/completions", token,
            JsonSerializer.Serialize(
                new { model, stream = true, messages = new[] { new { role = "user", content } } })), true);

    /// <summary>A backend: each client in a chat of its own.</summary>
    public static StreamSource Chats(string who, Site site, (Account Account, string Chat)[] chats) =>
        new(who, site.Address, chats.Length,
            (client, content) => site.Send(chats[client].Account, chats[client].Chat, content), false);
}

/// <summary>A model's pace: its first token after so many milliseconds, then so many a second.</summary>
readonly record struct Pace(int Tokens, int PerSecond, int FirstMs)
{
    public string Ask => ReplyText.Ask(Tokens, PerSecond, FirstMs);

    /// <summary>When a token is due, in ticks from the question.</summary>
    public long Due(int number) =>
        Stopwatch.Frequency / 1_000 * FirstMs + (PerSecond > 0 ? Stopwatch.Frequency * number / PerSecond : 0);
}

/// <summary>Replies that are read while they are made.</summary>
static class StreamLoad
{
    public const string LagP50 = "token_lag_p50_ms", LagP99 = "token_lag_p99_ms";

    /// <summary>
    /// Reads one stream to its end. Where <paramref name="lag"/> is given, it gets how long after its moment in the
    /// model's own schedule, which begins with the question, each token came.
    /// </summary>
    public static async ValueTask<StreamSeen> ReadAsync(
        HttpConnection http, byte[] request, bool isModel, Pace pace, LatencyHistogram? lag)
    {
        var tokens = pace.Tokens;
        var began = Stopwatch.GetTimestamp();
        long first = 0;
        var (frames, length) = (0, 0);
        var view = new ReplyView();
        try
        {
            await http.SendAsync(request);
            if (await http.ReadHeadAsync() != 200)
                return new(0, 0, 0, false,
                    $"status {http.Status}: {Encoding.UTF8.GetString((await http.ReadBodyAsync()).Span)}");
            var events = new SseEvents(http);
            while (await events.NextAsync() is { IsEmpty: false } data)
            {
                var now = Stopwatch.GetTimestamp();
                frames++;
                if (isModel)
                    ApplyModel(ref view, data.Span, tokens);
                else
                    view.Apply(Seen.Read(data.Span), tokens);
                if (view.Length == length || view.Ended)
                    continue;
                length = view.Length;
                if (first == 0)
                    first = now;
                // The newest token of the frame, which waited least.
                lag?.Add(now - began - pace.Due(length / ReplyText.TokenLength - 1));
            }
            var took = Stopwatch.GetTimestamp() - began;
            var live = first > 0 && view.Length == tokens * ReplyText.TokenLength;
            if (view.IsWhole && !live)
                lag?.Add(took - pace.Due(tokens - 1)); // What the end alone brought is as late as the end.
            return new(first > 0 ? first - began : took, took, frames, live, view.IsWhole ? null
                : $"after {(double)took / Stopwatch.Frequency:0.0} s: deltas to unit {view.Length} of "
                    + $"{tokens * ReplyText.TokenLength}, {view.Faults} faults, attempt {view.Attempt}, "
                    + (view.Ended ? $"its end has {view.EndLength} units" : "closed without an end"));
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
            http.Reset();
            return new(0, 0, frames, false, error.Message);
        }
    }

    static void ApplyModel(ref ReplyView view, ReadOnlySpan<byte> data, int tokens)
    {
        if (data.StartsWith("[DONE]"u8))
        {
            view.Ended = view.Length == tokens * ReplyText.TokenLength;
            return;
        }
        if (data.IndexOf("\"content\":\""u8) is not (>= 0 and var at))
            return;
        var text = data[(at + 11)..];
        text = text[..text.IndexOf((byte)'"')];
        if (!ReplyText.Matches(view.Length, text))
            view.Faults++;
        view.Length += text.Length;
    }

    /// <summary>
    /// What a source adds to the time to the first token: each client asks the model, the others and the model again in
    /// turn, and a pair's difference is one measurement. Answers a median and a 99th percentile for each source.
    /// </summary>
    public static async Task<Dictionary<string, (Sample P50, Sample P99)>> AddedAsync(
        StreamSource model, StreamSource[] others, int clients, int times, Pace pace, Func<Cores> cores)
    {
        StreamSource[] all = [model, .. others];
        var first = all.ToDictionary(x => x.Who, _ => new long[clients * times]);
        var faults = all.ToDictionary(x => x.Who, _ => 0L);
        string? fault = null;
        var connections = all.Select(x => Enumerable.Range(0, clients).Select(_ => new HttpConnection(x.Address))
            .ToArray()).ToArray();
        var meter = cores();
        for (var time = -1; time < times; time++) // the first time warms up
            for (var place = 0; place < all.Length; place++)
            {
                var which = (place + Math.Max(0, time)) % all.Length;
                var source = all[which];
                // Many clients begin spread over the time that a stream takes, as they would by themselves.
                var spread = clients > 1 ? TimeSpan.FromSeconds((double)pace.Tokens / pace.PerSecond)
                    : TimeSpan.Zero;
                // In ever the same chat the prompt would grow with every reply: each asks in another one than before.
                var turn = Math.Max(0, time);
                var requests = Enumerable.Range(0, clients)
                    .Select(x => source.Ask((x + clients * turn) % source.Places, pace.Ask)).ToArray();
                var seen = await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
                {
                    await Task.Delay(spread * client / clients);
                    return await ReadAsync(connections[which][client], requests[client], source.IsModel, pace, null);
                }));
                if (time < 0)
                    continue;
                for (var client = 0; client < clients; client++)
                    first[source.Who][time * clients + client] = seen[client].FirstToken;
                faults[source.Who] += seen.Count(x => x.Fault is not null);
                fault ??= seen.Select(x => x.Fault).OfType<string>().FirstOrDefault();
            }
        foreach (var connection in connections.SelectMany(x => x))
            connection.Dispose();
        var answer = new Dictionary<string, (Sample, Sample)>();
        foreach (var source in others)
        {
            double[] Of(long[] ticks) => [.. ticks.Select(x => x * 1_000.0 / Stopwatch.Frequency)];
            double[] added = [.. Of(first[source.Who])
                .Zip(Of(first[model.Who]), (through, direct) => through - direct)];
            var sample = new Sample(Percentiles.Of(added, 50), added.Length, faults[model.Who],
                faults[source.Who])
            { Fault = fault };
            sample.Detail["direct_p50_ms"] = Percentiles.Of(Of(first[model.Who]), 50);
            sample.Detail["direct_p99_ms"] = Percentiles.Of(Of(first[model.Who]), 99);
            sample.Detail["through_p50_ms"] = Percentiles.Of(Of(first[source.Who]), 50);
            sample.Detail["through_p99_ms"] = Percentiles.Of(Of(first[source.Who]), 99);
            meter.Into(sample);
            answer[source.Who] = (sample, sample with { Value = Percentiles.Of(added, 99) });
        }
        return answer;
    }

    /// <summary>
    /// So many streams at once, begun over two seconds. A stream is kept up with when every token came before its end,
    /// which was at most a tenth and half a second later than the model's own; the figure is how many streams were.
    /// </summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="streams">How many.</param>
    /// <param name="tokens">How long each is.</param>
    /// <param name="perSecond">The model's pace.</param>
    /// <param name="cores">Measures who takes what.</param>
    /// <param name="resident">The memory of the server, asked for in the middle.</param>
    public static async Task<Sample> ManyAsync(StreamSource source, int streams, int tokens, int perSecond,
        Func<Cores> cores, Func<long>? resident = null)
    {
        var pace = new Pace(tokens, perSecond, 20);
        var ramp = TimeSpan.FromSeconds(Math.Min(2, streams / 100.0));
        var due = TimeSpan.FromSeconds((double)(tokens - 1) / perSecond);
        var patience = ramp + due * 3 + TimeSpan.FromSeconds(10);
        var (lag, first) = (new LatencyHistogram(), new LatencyHistogram());
        var connections = Enumerable.Range(0, streams).Select(_ => new HttpConnection(source.Address)).ToArray();
        var requests = connections.Select((_, i) => source.Ask(i, pace.Ask)).ToArray();
        var meter = cores();
        var began = Stopwatch.GetTimestamp();
        var reading = connections.Select((http, i) => Task.Run(async () =>
        {
            await Task.Delay(ramp * i / streams);
            return await ReadAsync(http, requests[i], source.IsModel, pace, lag);
        })).ToArray();
        var all = Task.WhenAll(reading);
        await Task.WhenAny(all, Task.Delay(ramp + due / 2));
        var memory = resident?.Invoke();
        await Task.WhenAny(all, Task.Delay(patience)); // whoever is not done by then has lost its stream
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        foreach (var connection in connections)
            connection.Dispose();
        var seen = await all;
        foreach (var stream in seen.Where(x => x.Fault is null))
            first.Add(stream.FirstToken);
        var latest = (due * 1.1 + TimeSpan.FromSeconds(0.5)).TotalSeconds * Stopwatch.Frequency;
        var lost = seen.Count(x => x.Fault is not null);
        var kept = seen.Count(x => x is { Fault: null, Live: true } && x.Took <= latest);
        var sample = new Sample(kept, streams, 0, lost)
        {
            Fault = seen.Select(x => x.Fault).OfType<string>()
            .FirstOrDefault()
        };
        meter.Into(sample);
        sample.Detail["streams"] = streams;
        if (memory is { } bytes)
            sample.Detail["resident_mb"] = bytes / 1048576.0;
        sample.Detail["late"] = streams - lost - kept;
        sample.Detail["frames_per_second"] = seen.Sum(x => (double)x.Frames) / took;
        sample.Detail[LagP50] = lag.Ms(50);
        sample.Detail[LagP99] = lag.Ms(99);
        sample.Detail["first_token_p50_ms"] = first.Ms(50);
        sample.Detail["first_token_p99_ms"] = first.Ms(99);
        return sample;
    }

    /// <summary>
    /// From the send to the moment at which the model was asked: the model answers with that moment. The figure is the
    /// 99th percentile.
    /// </summary>
    public static async Task<Sample> UntilModelAsync(Site site, Account account, string chat, int times)
    {
        var request = site.Send(account, chat, ReplyText.AskStamp);
        using var http = new HttpConnection(site.Address);
        var ms = new List<double>();
        var errors = 0L;
        string? fault = null;
        for (var i = -3; i < times; i++)
        {
            var sent = Stopwatch.GetTimestamp();
            await http.SendAsync(request);
            long asked = 0;
            if (await http.ReadHeadAsync() == 200)
            {
                var events = new SseEvents(http);
                while (await events.NextAsync() is { IsEmpty: false } data)
                    if (Seen.Read(data.Span) is { Type: SeenType.Message, IsAi: true, IsCompleted: true } seen)
                        _ = System.Buffers.Text.Utf8Parser.TryParse(seen.Text, out asked, out _);
            }
            if (asked < sent)
                (errors, fault) = (errors + 1, fault ?? $"status {http.Status}, no stamp");
            else if (i >= 0)
                ms.Add((asked - sent) * 1_000.0 / Stopwatch.Frequency);
        }
        var sample = new Sample(Percentiles.Of(ms, 99), ms.Count, errors) { Fault = fault };
        sample.Detail["p50_ms"] = Percentiles.Of(ms, 50);
        sample.Detail["max_ms"] = Percentiles.Of(ms, 100);
        return sample;
    }
}
