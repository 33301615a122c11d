using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Cote.Notices;

/// <summary>What of a service account is used.</summary>
sealed record FcmAccount(string ProjectId, string ClientEmail, string PrivateKey, string? KeyId, string TokenUri)
{
    /// <summary>It names no secret.</summary>
    public override string ToString() => ProjectId;

    /// <summary>Reads its JSON; null where it is none.</summary>
    public static FcmAccount? Parse(string text)
    {
        try
        {
            var json = JsonElement.Parse(text);
            var account = new FcmAccount(
                json.GetProperty("project_id").GetString()!, json.GetProperty("client_email").GetString()!,
                json.GetProperty("private_key").GetString()!,
                json.TryGetProperty("private_key_id", out var id) ? id.GetString() : null,
                json.GetProperty("token_uri").GetString()!);
            using var key = account.ReadKey();
            return account.ProjectId.Length > 0 && account.ClientEmail.Length > 0
                && PushAddress.IsHttp(account.TokenUri) ? account : null;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException
            or ArgumentException or CryptographicException)
        {
            return null;
        }
    }

    public RSA ReadKey()
    {
        var key = RSA.Create();
        try
        {
            key.ImportFromPem(PrivateKey);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}

/// <summary>
/// Pushes by Firebase Cloud Messaging, HTTP v1. The message is data, so that the app compares the user before it shows
/// anything; on Apple's devices an alert that an extension of the app may change.
/// </summary>
sealed class FcmSender(PushFcmOptions options, Outside outside, Clock clock) : IDisposable
{
    const int Longest = 4_000;
    const string Scope = "https://www.googleapis.com/auth/firebase.messaging";
    static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    readonly Lazy<HttpClient> _http = new(() => PushHttp.ClientFor(outside));
    readonly FcmAccount? _account =
        options.ServiceAccount is { } secret ? FcmAccount.Parse(secret.Reveal()) : null;
    readonly SemaphoreSlim _renewing = new(1, 1);
    (string Value, Timestamp Until)? _token;

    public async Task<PushOutcome> SendAsync(DeviceAddress address, PushMessage message, CancellationToken ct)
    {
        var (token, fault) = await TokenAsync(ct);
        if (token is null)
            return fault;
        using var request = new HttpRequestMessage(HttpMethod.Post,
            $"{options.BaseUrl.TrimEnd('/')}/v1/projects/{Uri.EscapeDataString(_account!.ProjectId)}/messages:send");
        request.Headers.Authorization = new("Bearer", token);
        request.Content = new ByteArrayContent(message.Fit(Longest, x => Write(x, address.Token)));
        request.Content.Headers.ContentType = new("application/json");
        var outcome = await PushHttp.SendAsync(_http.Value, request, Read, clock, ct);
        return outcome;
    }

    PushOutcome Read(PushAnswer answer)
    {
        if (answer.Status == HttpStatusCode.Unauthorized)
            _token = null; // It was revoked: the next try gets another one.
        return answer.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest or HttpStatusCode.Forbidden
            && IsGone(answer.Body) ? new(PushResult.Gone, "the service does not know the token") : answer.Outcome;
    }

    // google.rpc.Status, with the code of FCM in its details.
    static bool IsGone(byte[] body)
    {
        try
        {
            var details = JsonElement.Parse(body).GetProperty("error").GetProperty("details").EnumerateArray();
            return details.Any(x => x.TryGetProperty("errorCode", out var code)
                    && code.GetString() is "UNREGISTERED" or "SENDER_ID_MISMATCH"
                || x.TryGetProperty("fieldViolations", out var fields)
                    && fields.EnumerateArray().Any(y => y.GetProperty("field").GetString() == "message.token"));
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    byte[] Write(PushMessage message, string token) => PushMessage.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("message"u8);
        json.WriteString("token"u8, token);
        json.WriteStartObject("data"u8);
        foreach (var (name, value) in message.Fields)
            json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteStartObject("android"u8);
        json.WriteString("collapse_key"u8, message.Collapse);
        json.WriteString("priority"u8, "HIGH"u8);
        json.WriteString(
            "ttl"u8, message.SecondsLeft(clock.Now).ToString(CultureInfo.InvariantCulture) + "s");
        json.WriteEndObject();
        json.WriteStartObject("apns"u8);
        json.WriteStartObject("headers"u8);
        json.WriteString("apns-collapse-id"u8, message.Collapse);
        json.WriteString("apns-priority"u8, "10"u8);
        json.WriteString("apns-expiration"u8, message.ExpiresAt.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteStartObject("payload"u8);
        ApnsSender.WriteAps(json, message with { Text = "" });
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    // One that was got is used until shortly before its end, by all tries.
    async Task<(string? Token, PushOutcome Fault)> TokenAsync(CancellationToken ct)
    {
        await _renewing.WaitAsync(ct);
        try
        {
            if (_token is { } known && known.Until > clock.Now)
                return (known.Value, default);
            using var request = new HttpRequestMessage(HttpMethod.Post, _account!.TokenUri);
            request.Content = new FormUrlEncodedContent(
            [
                new("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), new("assertion", Assertion()),
            ]);
            var outcome = await PushHttp.SendAsync(_http.Value, request, ReadToken, clock, ct);
            return (_token?.Value, outcome);
        }
        finally
        {
            _renewing.Release();
        }
    }

    PushOutcome ReadToken(PushAnswer answer)
    {
        _token = null;
        if (answer.Status != HttpStatusCode.OK)
            return new(PushResult.Later, $"no token was given out ({(int)answer.Status})", answer.After);
        try
        {
            var json = JsonElement.Parse(answer.Body);
            var life = TimeSpan.FromSeconds(json.GetProperty("expires_in").GetInt64()) - Margin;
            _token = (json.GetProperty("access_token").GetString()!, clock.Now + life);
            return new(PushResult.Sent);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or OverflowException)
        {
            return new(PushResult.Later, "the answer with the token is broken");
        }
    }

    string Assertion()
    {
        using var key = _account!.ReadKey();
        var now = PushTokens.Seconds(clock.Now);
        return PushTokens.Sign(key, _account.KeyId, new()
        {
            ["iss"] = _account.ClientEmail,
            ["scope"] = Scope,
            ["aud"] = _account.TokenUri,
            ["iat"] = now,
            ["exp"] = now + 3_600,
        });
    }

    public void Dispose()
    {
        if (_http.IsValueCreated)
            _http.Value.Dispose();
        _renewing.Dispose();
    }
}
