using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Cote.Load.Wire;

namespace Cote.Load.Loads;

/// <summary>Somebody with an account, and the chats that the loads write to.</summary>
sealed record Account(string Token)
{
    public List<string> Chats { get; init; } = [];
}

/// <summary>A backend of the guide to put load on, with people on it. The FastAPI one has the same routes.</summary>
sealed class Site(Uri url, bool streams) : IDisposable
{
    /// <summary>As long as what the FastAPI backend's replies are made of, so that lists weigh the same.</summary>
    static readonly string Question = string.Concat(Enumerable.Repeat("How do doves find their way home? ", 6)) + " ";

    readonly HttpClient _http = new() { BaseAddress = url, Timeout = TimeSpan.FromSeconds(120) };

    public Uri Url => url;

    /// <summary>Does it answer a send with the reply as a stream?</summary>
    public bool Streams => streams;

    public IPEndPoint Address { get; } = new(IPAddress.Parse(url.Host), url.Port);

    public List<Account> Accounts { get; init; } = [];

    /// <summary>The chat of the first account that <c>messages-50</c> reads.</summary>
    public string FullChat { get; set; } = "";

    /// <summary>The chat with 10,000 messages, of the second account.</summary>
    public string LongChat { get; set; } = "";

    /// <summary>The same people at another address, where a copy of the data is served.</summary>
    public Site At(Uri other) => new(other, streams) { Accounts = Accounts, FullChat = FullChat, LongChat = LongChat };

    public async Task RegisterAsync(int count, CancellationToken ct)
    {
        var accounts = new Account[count];
        var run = Guid.CreateVersion7().ToString("N")[..12];
        var half = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = ct };
        await Parallel.ForAsync(0, count, half, async (i, ct) =>
        {
            var (username, password) = ($"bench-{run}-{i}", "correct horse battery");
            await OkAsync(await _http.PostAsJsonAsync(
                "/users/", new { username, email = username + "@example.com", password }, ct));
            using var form = new FormUrlEncodedContent([new("username", username), new("password", password)]);
            var token = await OkAsync(await _http.PostAsync("/token", form, ct));
            accounts[i] = new(token.GetProperty("access_token").GetString()!);
        });
        Accounts.AddRange(accounts);
    }

    public async Task<string> CreateChatAsync(Account account, string title = "bench")
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, "/chats/")
        { Content = JsonContent.Create(new { title }) };
        request.Headers.Authorization = new("Bearer", account.Token);
        return (await OkAsync(await _http.SendAsync(request))).GetProperty("id").GetString()!;
    }

    /// <summary>So many chats, spread over all accounts; the same as before are used again.</summary>
    public async Task<(Account Account, string Chat)[]> ChatsAsync(int count, CancellationToken ct)
    {
        await Parallel.ForAsync(0, Accounts.Count, ct, async (i, ct) =>
        {
            while (Accounts[i].Chats.Count * Accounts.Count + i < count)
                Accounts[i].Chats.Add(await CreateChatAsync(Accounts[i]));
        });
        return [.. Enumerable.Range(0, count)
            .Select(x => (Accounts[x % Accounts.Count], Accounts[x % Accounts.Count].Chats[x / Accounts.Count]))];
    }

    /// <summary>
    /// Fifty chats with something in them, one of which holds fifty messages, all of the first account.
    /// </summary>
    public async Task FillAsync(int chats, int messages)
    {
        for (var i = 0; i < chats; i++)
        {
            var chat = await CreateChatAsync(Accounts[0], $"Chat number {i}");
            await AskAsync(Accounts[0], chat, Question + ReplyText.Ask(40), i == chats - 1 ? messages / 2 : 1);
            FullChat = chat;
        }
    }

    public async Task FillLongAsync(int messages)
    {
        var account = Accounts[Math.Min(1, Accounts.Count - 1)];
        LongChat = await CreateChatAsync(account, "Long");
        await AskAsync(account, LongChat, Question + ReplyText.Ask(40), messages / 2);
    }

    /// <summary>A chat with two branches, each of so many messages; the last message of each.</summary>
    public async Task<(string Chat, string First, string Second)> BranchAsync(Account account, int messages)
    {
        var chat = await CreateChatAsync(account, "Branches");
        await AskAsync(account, chat, Question + ReplyText.Ask(40), messages / 2);
        var first = (await ReadAsync(account, $"/chats/{chat}")).GetProperty("leaf_id").GetString()!;
        var root = (await ReadAsync(account, $"/chats/{chat}/messages/?limit=1&after=0"))[0].GetProperty("id")
            .GetString();
        var edited = Request.Post($"/chats/{chat}/messages/", account.Token, JsonSerializer.Serialize(
            new { content = Question + ReplyText.Ask(40), version_of = root }), "text/event-stream");
        await AskAsync(edited, 1);
        await AskAsync(account, chat, Question + ReplyText.Ask(40), messages / 2 - 1);
        var second = (await ReadAsync(account, $"/chats/{chat}")).GetProperty("leaf_id").GetString()!;
        return (chat, first, second);
    }

    /// <summary>One turn in a new chat.</summary>
    public async Task AskOnceAsync(Account account, string content) =>
        await AskAsync(account, await CreateChatAsync(account), content + ReplyText.Ask(40), 1);

    /// <summary>What a path answers.</summary>
    public async Task<JsonElement> ReadAsync(Account account, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", account.Token);
        return await OkAsync(await _http.SendAsync(request));
    }

    /// <summary>Asks one after the other and waits for each reply's end.</summary>
    Task AskAsync(Account account, string chat, string content, int times) =>
        AskAsync(Send(account, chat, content), times);

    async Task AskAsync(byte[] request, int times)
    {
        using var http = new HttpConnection(Address);
        for (var i = 0; i < times; i++)
            if (await Operations.TurnAsync(http, request, streams, 40) is { } wrong)
                throw new InvalidOperationException($"A chat could not be filled: {wrong}");
    }

    /// <summary>A send as bytes; answered as a stream where the server can.</summary>
    public byte[] Send(Account account, string chat, string content, bool? asStream = null) => Request.Post(
        $"/chats/{chat}/messages/", account.Token, JsonSerializer.Serialize(new { content }), asStream ?? streams
            ? "text/event-stream" : null);

    /// <summary>How many messages a chat holds: what was acknowledged must be among them.</summary>
    public async Task<long> CountAsync(Account account, string chat)
    {
        using var http = new HttpConnection(Address);
        // Cote counts by itself; the other one's whole list is small enough.
        var body = await http.ExchangeAsync(
            Request.Get(streams ? $"/chats/{chat}" : $"/chats/{chat}/messages/", account.Token));
        var json = JsonElement.Parse(body.Span);
        return streams ? json.GetProperty("last_seq").GetInt64() : json.GetArrayLength();
    }

    public void Dispose() => _http.Dispose();

    static async Task<JsonElement> OkAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode ? JsonElement.Parse(text)
                : throw new InvalidOperationException(
                    $"{answer.RequestMessage?.RequestUri}: {(int)answer.StatusCode} {text}");
        }
    }
}
