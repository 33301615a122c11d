using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Testing;

/// <summary>A push as a service got it.</summary>
public sealed record TestPush(string Path, string Protocol, Dictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The part of a JWT: 0 its head, 1 its claims.</summary>
    public JsonElement Token(int part) => JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(
        Headers["Authorization"].Split(' ', ',', '=').First(x => x.Count(y => y == '.') == 2).Split('.')[part]));
}

/// <summary>
/// The push services of browsers (<c>/push/…</c>), of Google (<c>/v1/projects/…</c>, with <c>/token</c>) and of Apple
/// (<c>/3/device/…</c>) on a loopback port with TLS, HTTP/1.1 and HTTP/2.
/// </summary>
public sealed class FakePushServer : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentDictionary<string, Channel<TestPush>> _pushes = [];
    readonly ConcurrentQueue<string> _assertions = [];
    readonly RSA _google = RsaKeys.Take();

    FakePushServer()
    {
        Certificate = RsaKeys.CertificateFor("localhost");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(
            x => x.Listen(IPAddress.Loopback, 0, listener => listener.UseHttps(Certificate)));
        _app = builder.Build();
        _app.MapPost("/push/{id}", (HttpContext http, string id) => TakeAsync(http, id, 201));
        _app.MapPost("/3/device/{id}", (HttpContext http, string id) => TakeAsync(http, id, 200));
        _app.MapPost("/v1/projects/{project}/messages:send", http => TakeAsync(http, null, 200));
        _app.MapPost("/token", GiveTokenAsync);
    }

    public static async Task<FakePushServer> StartAsync()
    {
        var server = new FakePushServer();
        await server._app.StartAsync();
        return server;
    }

    public X509Certificate2 Certificate { get; }

    public string Url => _app.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    /// <summary>Answers in place of the service; false: as the service does.</summary>
    public Func<TestPush, HttpContext, Task<bool>> Answer { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>The status of what Google's tokens are asked for.</summary>
    public int TokenStatus { get; set; } = 200;

    /// <summary>The assertions that tokens were asked for with.</summary>
    public IReadOnlyList<string> Assertions => [.. _assertions];

    /// <summary>A service account of Google's that leads here.</summary>
    public string ServiceAccount => JsonSerializer.Serialize(new
    {
        type = "service_account",
        project_id = "cote-test",
        private_key_id = "key-1",
        private_key = _google.ExportPkcs8PrivateKeyPem(),
        client_email = "push@cote-test.iam.example.com",
        token_uri = Url + "/token",
    });

    /// <summary>The next push to a device: its id of Web Push, or its token.</summary>
    public async Task<TestPush> NextAsync(string device, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Patience.Deadline);
        try
        {
            return await ChannelOf(device).Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"No push came to {device}.");
        }
    }

    /// <summary>How many pushes to a device wait for <see cref="NextAsync"/>.</summary>
    public int Count(string device) => ChannelOf(device).Reader.Count;

    /// <summary>A problem as Google says it.</summary>
    public static Task AnswerAsync(HttpContext http, int status, JsonObject body)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsync(body.ToJsonString());
    }

    Channel<TestPush> ChannelOf(string device) => _pushes.GetOrAdd(device, _ => Channel.CreateUnbounded<TestPush>());

    async Task TakeAsync(HttpContext http, string? device, int status)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var push = new TestPush(http.Request.Path, http.Request.Protocol,
            http.Request.Headers.ToDictionary(x => x.Key, x => x.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        device ??= push.Json.GetProperty("message").GetProperty("token").GetString()!;
        var isAnswered = await Answer(push, http);
        ChannelOf(device).Writer.TryWrite(push);
        if (!isAnswered)
            http.Response.StatusCode = status;
    }

    // RFC 7523: what the account signs with its key is a token for an hour.
    async Task GiveTokenAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        var assertion = form["assertion"].ToString();
        var parts = assertion.Split('.');
        var isSigned = _google.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
            System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1);
        if (!isSigned || form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer")
        {
            http.Response.StatusCode = 400;
            return;
        }
        _assertions.Enqueue(assertion);
        if (TokenStatus != 200)
        {
            http.Response.StatusCode = TokenStatus;
            return;
        }
        await http.Response.WriteAsync(new JsonObject
        {
            ["access_token"] = "token-" + _assertions.Count.ToString(CultureInfo.InvariantCulture),
            ["expires_in"] = 3_600,
            ["token_type"] = "Bearer",
        }.ToJsonString());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Certificate.Dispose();
        RsaKeys.GiveBack(_google);
    }
}
