using System.Text.Json;
using Cote.Load.Figures;
using Cote.Load.Wire;

namespace Cote.Load.Loads;

/// <summary>What clients do, each checked to the last byte that can be known beforehand.</summary>
static class Operations
{
    /// <summary>A GET whose every answer must be what the first one was.</summary>
    public static async Task<(Operation Operation, byte[] Body)> GetAsync(Site site, string path)
    {
        var request = Request.Get(path, site.Accounts[0].Token);
        using var http = new HttpConnection(site.Address);
        var body = (await http.ExchangeAsync(request)).ToArray();
        return http.Status != 200 ? throw new InvalidOperationException($"{path} was answered with {http.Status}")
            : (Get(request, body), body);
    }

    public static Operation Get(byte[] request, byte[] expected) => async (http, _) =>
    {
        var body = await http.ExchangeAsync(request);
        return http.Status != 200 ? $"status {http.Status}" : body.Span.SequenceEqual(expected) ? null
            : "another body than before";
    };

    /// <summary>Sends that are answered when they are durable.</summary>
    public static Operation Send(byte[][] requests, long[] acknowledged) => async (http, client) =>
    {
        var body = await http.ExchangeAsync(requests[client]);
        if (http.Status != 200)
            return $"status {http.Status}";
        if (body.Span.IndexOf("\"sender\":\"user\""u8) < 0)
            return "not the message";
        acknowledged[client]++;
        return null;
    };

    /// <summary>
    /// Sends with their replies to the end; each of the clients goes round its own share of the chats.
    /// </summary>
    public static Operation Turn(
        byte[][] requests, int clients, long[] acknowledged, bool streams, int tokens, int tools = 0)
    {
        var turns = new int[clients];
        return async (http, client) =>
        {
            var chat = client + clients * (turns[client]++ % (requests.Length / clients));
            var wrong = await TurnAsync(http, requests[chat], streams, tokens, tools);
            if (wrong is null)
                acknowledged[chat]++;
            return wrong;
        };
    }

    /// <summary>
    /// One send and, where it is streamed, its reply up to the durable end. The FastAPI backend makes its reply by
    /// itself after the answer, in memory: there the answer is all that can be waited for.
    /// </summary>
    public static async ValueTask<string?> TurnAsync(
        HttpConnection http, byte[] request, bool streams, int tokens, int tools = 0)
    {
        await http.SendAsync(request);
        if (await http.ReadHeadAsync() != 200)
            return $"status {http.Status}";
        if (!streams)
            return (await http.ReadBodyAsync()).Span.IndexOf("\"sender\":\"user\""u8) < 0 ? "not the message" : null;
        var view = new ReplyView();
        var events = new SseEvents(http);
        var (asked, called) = (false, 0);
        while (await events.NextAsync() is { IsEmpty: false } data)
        {
            var seen = Seen.Read(data.Span);
            asked |= seen.Type == SeenType.Message && !seen.IsAi;
            view.Apply(seen, tokens);
            if (tools > 0 && view.Ended)
                called = data.Span.Count("\"type\":\"tool\""u8);
        }
        return !asked ? "no question" : !view.Ended ? "no end" : view.Faults > 0 ? "not the text"
            : called != tools ? "not the calls" : null;
    }

    /// <summary>After a load: every message that was acknowledged must be there, and its reply.</summary>
    public static async Task<Sample> AccountForAsync(
        this Sample sample, Site site, (Account Account, string Chat)[] chats, long[] before, long[] acknowledged)
    {
        var lost = 0L;
        for (var i = 0; i < chats.Length; i++)
            lost += Math.Max(0, before[i] + 2 * acknowledged[i] - await site.CountAsync(
                chats[i].Account, chats[i].Chat));
        return sample with
        {
            Losses = sample.Losses + lost,
            Fault = sample.Fault
            ?? (lost > 0 ? "acknowledged messages are not there" : null)
        };
    }

    /// <summary>How many messages each chat holds now.</summary>
    public static async Task<long[]> CountAsync(Site site, (Account Account, string Chat)[] chats)
    {
        var counts = new long[chats.Length];
        for (var i = 0; i < chats.Length; i++)
            counts[i] = await site.CountAsync(chats[i].Account, chats[i].Chat);
        return counts;
    }

    /// <summary>A number in a small JSON object.</summary>
    public static async Task<long> NumberAsync(Uri url, string name)
    {
        using var http = new HttpConnection(new(System.Net.IPAddress.Loopback, url.Port));
        return JsonElement.Parse((await http.ExchangeAsync(Request.Get("/"))).Span).GetProperty(name).GetInt64();
    }
}
