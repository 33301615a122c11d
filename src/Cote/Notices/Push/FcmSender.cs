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
    static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(10);

    readonly Lazy<HttpClient> _http = new(() => PushHttp.ClientFor(outside));
    readonly FcmAccount? _account =
        options.ServiceAccount is { } secret ? FcmAccount.Parse(secret.Reveal()) : null;
    readonly Lock _gate = new();
    Task<FcmToken>? _token;

    public async Task<PushOutcome> SendAsync(DeviceAddress address, PushMessage message, CancellationToken ct)
    {
        var token = await TokenAsync(ct);
        if (token.Value is null)
            return token.Fault;
        using var request = new HttpRequestMessage(HttpMethod.Post,
            $"{options.BaseUrl.TrimEnd('/')}/v1/projects/{Uri.EscapeDataString(_account!.ProjectId)}/messages:send");
        request.Headers.Authorization = new("Bearer", token.Value);
        request.Content = new ByteArrayContent(message.Fit(Longest, x => Write(x, address.Token)));
        request.Content.Headers.ContentType = new("application/json");
        return await PushHttp.SendAsync(_http.Value, request, x => Read(x, token), clock, ct);
    }

    PushOutcome Read(PushAnswer answer, FcmToken token)
    {
        if (answer.Status == HttpStatusCode.Unauthorized)
            Forget(token); // It was revoked: the next try gets another one.
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

    // One that was got is used until shortly before its end, by all tries. They wait for it together, and a service
    // that gives none out is asked again only after a while.
    Task<FcmToken> TokenAsync(CancellationToken ct)
    {
        lock (_gate)
        {
            if (_token is not { } token || token.IsCompleted && !IsGood(token))
                _token = token = RenewAsync();
            return token.WaitAsync(ct);
        }
    }

    bool IsGood(Task<FcmToken> token) =>
        token.IsCompletedSuccessfully && clock.Since(token.Result.Made) < token.Result.GoodFor;

    // Another one may have been got meanwhile.
    void Forget(FcmToken token)
    {
        lock (_gate)
            if (_token is { IsCompletedSuccessfully: true } known && ReferenceEquals(known.Result, token))
                _token = null;
    }

    // All tries wait for it, so none of them cancels it: it has the limit of a request.
    async Task<FcmToken> RenewAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _account!.TokenUri);
        request.Content = new FormUrlEncodedContent(
        [
            new("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), new("assertion", Assertion()),
        ]);
        (string Value, TimeSpan GoodFor)? got = null;
        var fault = await PushHttp.SendAsync(
            _http.Value, request, x => ReadToken(x, out got), clock, CancellationToken.None);
        return got is var (value, goodFor)
            ? new(value, fault, goodFor, clock.Ticks) : new(null, fault, AfterFault, clock.Ticks);
    }

    static PushOutcome ReadToken(PushAnswer answer, out (string Value, TimeSpan GoodFor)? got)
    {
        got = null;
        if (answer.Status != HttpStatusCode.OK)
            return new(PushResult.Later, $"no token was given out ({(int)answer.Status})", answer.After);
        try
        {
            var json = JsonElement.Parse(answer.Body);
            var life = TimeSpan.FromSeconds(json.GetProperty("expires_in").GetInt64()) - Margin;
            if (json.GetProperty("access_token").GetString() is { Length: > 0 } value)
                got = (value, life);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or OverflowException)
        {
        }
        return got is null ? new(PushResult.Later, "the answer with the token is broken") : new(PushResult.Sent);
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

    /// <summary>What was asked for with the key of the account.</summary>
    /// <param name="Value">Null where none was given out.</param>
    /// <param name="Fault">Why not.</param>
    /// <param name="GoodFor">How long it is not asked for another one.</param>
    /// <param name="Made">The clock's ticks then.</param>
    sealed record FcmToken(string? Value, PushOutcome Fault, TimeSpan GoodFor, long Made);

    public void Dispose()
    {
        if (_http.IsValueCreated)
            _http.Value.Dispose();
    }
}
