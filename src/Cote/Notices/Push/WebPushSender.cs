using System.Globalization;
using System.Net.Http.Headers;

namespace Cote.Notices;

/// <summary>
/// Pushes to browsers, and to whatever else a user names that speaks Web Push (RFC 8030), as UnifiedPush does.
/// </summary>
sealed class WebPushSender(VapidKey vapid, PushOptions options, Outside outside, Clock clock) : IDisposable
{
    readonly Lazy<GuardedClient> _http = new(() => new(AllowedHosts.Parse(options.AllowedHosts, out _), outside));

    public async Task<PushOutcome> SendAsync(DeviceAddress address, PushMessage message, CancellationToken ct)
    {
        var endpoint = new Uri(address.Token);
        var body = WebPushCipher.Encrypt(
            message.Fit(WebPushCipher.Longest, PushMessage.ToJson), address.P256dh!, address.Auth!);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Content.Headers.ContentEncoding.Add("aes128gcm");
        request.Headers.TryAddWithoutValidation("Authorization", vapid.AuthorizationFor(endpoint));
        request.Headers.Add("TTL", message.SecondsLeft(clock.Now).ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Urgency", message.IsUrgent ? "high" : "normal");
        request.Headers.Add("Topic", message.Collapse);
        var answer = await _http.Value.SendAsync(request, ct);
        return answer switch
        {
            { IsSuccess: true } => new(PushResult.Sent),
            { Status: 404 or 410 } => new(PushResult.Gone, answer.Fault),
            { Status: 0 or 401 or 403 or 408 or 429 or >= 500 } =>
                new(PushResult.Later, answer.Fault, PushHttp.Bounded(answer.RetryAfter)),
            _ => new(PushResult.Refused, answer.Fault),
        };
    }

    public void Dispose()
    {
        if (_http.IsValueCreated)
            _http.Value.Dispose();
    }
}
