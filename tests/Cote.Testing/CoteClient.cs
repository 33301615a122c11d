using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Testing;

/// <summary>An answer, read to its end.</summary>
public sealed record Reply(HttpStatusCode Code, string Text, HttpResponseMessage Message)
{
    /// <summary>The status as a number.</summary>
    public int Status => (int)Code;

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonElement.Parse(Text);

    /// <summary>The stable code of a problem.</summary>
    public string? ErrorCode => Json.TryGetProperty("code", out var code) ? code.GetString() : null;

    /// <summary>A text of the body.</summary>
    public string this[string name] => Json.GetProperty(name).ToString();

    /// <summary>A header of the answer, or null.</summary>
    public string? Header(string name) =>
        Message.Headers.TryGetValues(name, out var values) || Message.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values) : null;

    /// <summary>The path of the next page of a list, or null on its last.</summary>
    public string? NextPage => Header("Link")?.Split('<', '>')[1];

    /// <summary>The answer itself, if it is a 200; else an exception with all of it.</summary>
    public Reply Ok() => Status == 200
        ? this : throw new InvalidOperationException($"Expected 200, got {Status}: {Text}");
}

/// <summary>
/// Someone who uses Cote by its URL, with or without a token: what an app would do, and nothing else.
/// </summary>
public sealed class CoteClient(Uri url) : IDisposable
{
    static int _count;

    readonly HttpClient _http =
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = url,
            Timeout = Patience.Deadline
        };

    public Uri Url => url;
    public string Id { get; private set; } = "";
    public string Username { get; private set; } = "";
    public string Password { get; private set; } = "";
    public string? Token { get; set; }
    public string? RefreshToken { get; set; }

    /// <summary>A new account, logged in.</summary>
    public static async Task<CoteClient> RegisterAsync(Uri url, string? username = null)
    {
        var client = new CoteClient(url)
        {
            Username = username ?? $"user{Interlocked.Increment(ref _count)}-{Guid.CreateVersion7():N}"[..32],
            Password = "correct horse battery",
        };
        var user = await client.PostAsync("/users/",
            new { username = client.Username, email = client.Username + "@example.com", password = client.Password });
        client.Id = user.Ok()["id"];
        await client.LogInAsync();
        return client;
    }

    /// <summary>The same account on another device: a session of its own.</summary>
    public async Task<CoteClient> OtherDeviceAsync(Uri? at = null)
    {
        var other = new CoteClient(at ?? url) { Id = Id, Username = Username, Password = Password };
        await other.LogInAsync();
        return other;
    }

    public async Task<Reply> LogInAsync()
    {
        var tokens = (await FormAsync("/token", ("username", Username), ("password", Password))).Ok();
        Token = tokens["access_token"];
        RefreshToken = tokens["refresh_token"];
        return tokens;
    }

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);
    public Task<Reply> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);
    public Task<Reply> PutAsync(string path, object? body = null) => SendAsync(HttpMethod.Put, path, body);
    public Task<Reply> PatchAsync(string path, object? body) => SendAsync(HttpMethod.Patch, path, body);
    public Task<Reply> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    /// <summary>Sends a body: a string as it stands (as JSON), anything else serialised.</summary>
    public async Task<Reply> SendAsync(
        HttpMethod method, string path, object? body = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = Request(method, path, body, change);
        var response = await _http.SendAsync(request);
        return new(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    public async Task<Reply> FormAsync(string path, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(x => KeyValuePair.Create(x.Name, x.Value)));
        var response = await _http.PostAsync(path, content);
        return new(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    /// <summary>A new chat's id.</summary>
    public async Task<string> CreateChatAsync(string title = "chat", string? model = null)
    {
        var id = (await PostAsync("/chats/", new { title })).Ok()["id"];
        if (model is not null)
            (await PatchAsync($"/chats/{id}", new { model })).Ok();
        return id;
    }

    /// <summary>A user's message, as the server answered it.</summary>
    public async Task<JsonElement> AskAsync(string chat, string content, string? id = null) =>
        (await PostAsync($"/chats/{chat}/messages/", id is null ? new { content } : new { content, id })).Ok().Json;

    public async Task<JsonElement> MessageAsync(string chat, string id) =>
        (await GetAsync($"/chats/{chat}/messages/{id}")).Ok().Json;

    public async Task<IReadOnlyList<JsonElement>> MessagesAsync(string chat) =>
        [.. (await GetAsync($"/chats/{chat}/messages/")).Ok().Json.EnumerateArray()];

    /// <summary>Waits until a reply has ended, without polling: over its stream. Answers the message.</summary>
    public async Task<JsonElement> EndOfAsync(string chat, string replyId, TimeSpan? within = null)
    {
        await using var stream = await StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{replyId}/stream");
        while (true)
        {
            var frame = await stream.NextAsync(within)
                ?? throw new InvalidOperationException("The stream ended before the reply.");
            if (frame.Type == "message" && frame.Data.GetProperty("id").GetString() == replyId)
                return frame.Data;
        }
    }

    /// <summary>A response read as server-sent events.</summary>
    public async Task<SseReader> StreamAsync(
        HttpMethod method, string path, object? body = null, Action<HttpRequestMessage>? change = null)
    {
        var request = Request(method, path, body, x =>
        {
            x.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            change?.Invoke(x);
        });
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException(
                $"No stream: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        return new(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>An open socket that has said <c>ready</c>.</summary>
    public Task<TestSocket> ConnectAsync(string? cursor = null, bool awaitReady = true) =>
        TestSocket.ConnectAsync(url, $"/ws?token={Token}" + (cursor is null ? "" : $"&cursor={cursor}"), awaitReady);

    public void Dispose() => _http.Dispose();

    HttpRequestMessage Request(HttpMethod method, string path, object? body, Action<HttpRequestMessage>? change)
    {
        var request = new HttpRequestMessage(method, path);
        if (Token is not null)
            request.Headers.Authorization = new("Bearer", Token);
        if (body is not null)
            request.Content = new StringContent(
                body as string ?? (body as JsonNode)?.ToJsonString() ?? JsonSerializer.Serialize(body), Encoding.UTF8,
                "application/json");
        change?.Invoke(request);
        return request;
    }
}
