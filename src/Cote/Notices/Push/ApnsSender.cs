using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Cote.Primitives;

namespace Cote.Notices;

/// <summary>Pushes by the Apple Push Notification service, over HTTP/2 with a token of the team's key.</summary>
sealed class ApnsSender : IDisposable
{
    const int Longest = 4_096;
    static readonly TimeSpan UsedFor = TimeSpan.FromMinutes(40); // Twenty minutes at least, an hour at most.

    readonly PushApnsOptions _options;
    readonly Clock _clock;
    readonly ECDsa? _key;
    readonly Lazy<HttpClient> _http;
    (string Value, long Made)? _token;

    public ApnsSender(PushApnsOptions options, Outside outside, Clock clock)
    {
        (_options, _clock) = (options, clock);
        _key = options.Key is { } secret
            ? P256Keys.Read(secret.Reveal(), $"Cote__Push__Apns__{nameof(PushApnsOptions.Key)} is") : null;
        _http = new(() => PushHttp.ClientFor(outside));
    }

    public async Task<PushOutcome> SendAsync(DeviceAddress address, PushMessage message, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"{_options.BaseUrl.TrimEnd('/')}/3/device/{address.Token}");
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        request.Headers.Authorization = new("bearer", Token());
        request.Headers.Add("apns-topic", _options.Topic);
        request.Headers.Add("apns-push-type", "alert");
        request.Headers.Add("apns-priority", "10");
        request.Headers.Add("apns-collapse-id", message.Collapse);
        request.Headers.Add("apns-expiration", message.ExpiresAt.ToString(CultureInfo.InvariantCulture));
        request.Content = new ByteArrayContent(message.Fit(Longest, Write));
        request.Content.Headers.ContentType = new("application/json");
        return await PushHttp.SendAsync(_http.Value, request, Read, _clock, ct);
    }

    /// <summary>Writes what Apple's devices show. An extension of the app may change it: it sees whose it is.</summary>
    public static void WriteAps(Utf8JsonWriter json, PushMessage message)
    {
        json.WriteStartObject("aps"u8);
        json.WriteStartObject("alert"u8);
        if (message.Title.Length > 0)
            json.WriteString("title"u8, message.Title);
        json.WriteString("body"u8, message.Body);
        json.WriteEndObject();
        json.WriteString("sound"u8, "default"u8);
        json.WriteString("thread-id"u8, message.ChatId);
        json.WriteNumber("mutable-content"u8, 1);
        json.WriteEndObject();
    }

    static byte[] Write(PushMessage message) => PushMessage.Write(json =>
    {
        json.WriteStartObject();
        WriteAps(json, message);
        foreach (var (name, value) in message.Fields.Where(x => x.Name is not ("title" or "body")))
            json.WriteString(name, value);
        json.WriteEndObject();
    });

    PushOutcome Read(PushAnswer answer)
    {
        var reason = answer.Status == HttpStatusCode.BadRequest ? ReasonOf(answer.Body) : "";
        if (answer.Status == HttpStatusCode.Gone || reason is "BadDeviceToken" or "DeviceTokenNotForTopic")
            return new(PushResult.Gone, "the service does not know the token");
        if (answer.Status == HttpStatusCode.Forbidden)
            _token = null; // Of a clock that was set back, or a key that was changed.
        return answer.Outcome;
    }

    static string ReasonOf(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body).GetProperty("reason").GetString() ?? "";
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "";
        }
    }

    // Two that make one at once make two good ones.
    string Token()
    {
        if (_token is { } known && _clock.Since(known.Made) < UsedFor)
            return known.Value;
        var token = PushTokens.Sign(_key!, _options.KeyId, new()
        {
            ["iss"] = _options.TeamId,
            ["iat"] = PushTokens.Seconds(_clock.Now),
        });
        _token = (token, _clock.Ticks);
        return token;
    }

    public void Dispose()
    {
        if (_http.IsValueCreated)
            _http.Value.Dispose();
        _key?.Dispose();
    }
}
