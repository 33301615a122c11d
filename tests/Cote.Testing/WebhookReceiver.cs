using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Testing;

/// <summary>A request as the receiver got it.</summary>
/// <param name="Path">The path of its URL.</param>
/// <param name="Headers">By their names in lower case.</param>
/// <param name="Body">As it came.</param>
public sealed record ReceivedWebhook(string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Id => Headers["webhook-id"];

    public JsonElement Json => JsonElement.Parse(Body);

    public string Type => Json.GetProperty("type").GetString()!;

    /// <summary>A field of its data, or null.</summary>
    public string? Data(string name) =>
        Json.GetProperty("data").TryGetProperty(name, out var value) ? value.GetString() : null;
}

/// <summary>A server on loopback that speaks https with a certificate of its own, keeps what it gets, and answers 204
/// unless it is told otherwise.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<ReceivedWebhook> _received = [];
    readonly SemaphoreSlim _arrivals = new(0);
    int _connections;

    WebhookReceiver(X509Certificate2 certificate, int port)
    {
        Certificate = certificate;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, port, listener =>
            {
                listener.Use(next => connection =>
                {
                    Interlocked.Increment(ref _connections);
                    return next(connection);
                });
                listener.UseHttps(certificate);
            });
        });
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    public static async Task<WebhookReceiver> StartAsync(X509Certificate2? certificate = null, int port = 0)
    {
        var receiver = new WebhookReceiver(certificate ?? RsaKeys.CertificateFor("localhost"), port);
        await receiver._app.StartAsync();
        receiver.Port = new Uri(receiver._app.Urls.First()).Port;
        return receiver;
    }

    public int Port { get; private set; }

    /// <summary>The URL of an endpoint.</summary>
    public string Url => $"https://localhost:{Port}/hook";

    public X509Certificate2 Certificate { get; }

    /// <summary>How many connections were opened.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What is answered; 204 where it does nothing.</summary>
    public Func<ReceivedWebhook, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>All that came, oldest first.</summary>
    public IReadOnlyList<ReceivedWebhook> Received => [.. _received];

    /// <summary>Answers with a status and nothing else.</summary>
    public int Status
    {
        set => Answer = (_, http) =>
        {
            http.Response.StatusCode = value;
            return Task.CompletedTask;
        };
    }

    /// <summary>Whether the certificate is this one, and is used for its name.</summary>
    public bool IsMine(X509Certificate? certificate, SslPolicyErrors errors) =>
        certificate?.GetCertHashString() == Certificate.GetCertHashString()
        && !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch);

    /// <summary>Waits until so many have come that fit, and gives them.</summary>
    public async Task<IReadOnlyList<ReceivedWebhook>> NextAsync(Func<ReceivedWebhook, bool> fits, int count = 1)
    {
        var limit = Patience.Begin();
        while (true)
        {
            var found = Received.Where(fits).ToList();
            if (found.Count >= count)
                return found;
            if (!await _arrivals.WaitAsync(limit.Left))
                throw new TimeoutException(
                    $"{found.Count} of {count} came; in all:\n{string.Join('\n', Received.Select(x => x.Body))}");
        }
    }

    public async Task<ReceivedWebhook> NextAsync(string type, string? userId = null) =>
        (await NextAsync(x => x.Type == type && (userId is null || x.Data("user_id") == userId)))[0];

    async Task ServeAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var received = new ReceivedWebhook(http.Request.Path,
            http.Request.Headers.ToDictionary(x => x.Key.ToLowerInvariant(), x => x.Value.ToString()),
            await reader.ReadToEndAsync());
        _received.Enqueue(received);
        _arrivals.Release();
        http.Response.StatusCode = 204;
        await Answer(received, http);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _arrivals.Dispose();
        Certificate.Dispose();
    }
}
