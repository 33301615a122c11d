using System.Net;
using System.Text;
using Cote.Client;
using ChatClient = Cote.Client.CoteClient;

namespace Cote.BlackBox.Clients;

/// <summary>
/// Answers a client's requests without a server: users log in with any password, nothing happens, and a test says what
/// else is answered. A user's token and id are the username.
/// </summary>
sealed class ScriptedServer : HttpMessageHandler
{
    readonly List<string> _seen = [];

    /// <summary>The answer to a request, before the usual one; null leaves it to that.</summary>
    public Func<string, HttpRequestMessage, Task<HttpResponseMessage?>> Answer { get; set; } =
        (_, _) => Task.FromResult<HttpResponseMessage?>(null);

    /// <summary>Of each request: its user, method and path.</summary>
    public IReadOnlyList<string> Seen
    {
        get
        {
            lock (_seen)
                return [.. _seen];
        }
    }

    /// <summary>A client of this server, on long-polls.</summary>
    public ChatClient Client(ICoteStorage storage) => new(new CoteClientOptions(new Uri("http://localhost:8240"))
    {
        Storage = storage,
        Handler = this,
        Transport = Transport.Poll,
    });

    /// <summary>A client of a user, live.</summary>
    public async Task<ChatClient> LiveAsync(string user, ICoteStorage storage)
    {
        var client = Client(storage);
        await client.LogInAsync(user, "any").InTimeAsync();
        await client.StartAsync().InTimeAsync();
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live);
        return client;
    }

    public static HttpResponseMessage Json(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Problem(int status, string code) =>
        Json($$"""{"detail":"It is refused","code":"{{code}}"}""", (HttpStatusCode)status);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = $"{request.Method} {request.RequestUri!.PathAndQuery}";
        lock (_seen)
            _seen.Add($"{request.Headers.Authorization?.Parameter} {asked}");
        if (await Answer(asked, request).WaitAsync(cancellationToken) is { } answer)
            return answer;
        if (asked == "POST /token")
        {
            var form = await request.Content!.ReadAsStringAsync(cancellationToken);
            var user = form.Split('&').First(x => x.StartsWith("username=", StringComparison.Ordinal)
                || x.StartsWith("refresh_token=", StringComparison.Ordinal)).Split('=', '-')[^1];
            return Json($$"""{"access_token":"{{user}}","refresh_token":"refresh-{{user}}"}""");
        }
        if (asked == "GET /users/me")
            return Json($$"""{"id":"{{request.Headers.Authorization!.Parameter}}","username":"any"}""");
        if (asked == "GET /sync")
            return Json("""{"cursor":"e-1","chats":[],"running":[]}""");
        if (asked.StartsWith("GET /events", StringComparison.Ordinal))
        {
            if (!asked.EndsWith("wait=0", StringComparison.Ordinal))
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return Json("""{"cursor":"e-1","events":[]}""");
        }
        return asked is "POST /logout" or "POST /users/" || request.Method == HttpMethod.Delete
            ? new(HttpStatusCode.NoContent) : Problem(404, "not_found");
    }
}
