using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Cote.Primitives;

namespace Cote.Notices;

/// <summary>Sends to one endpoint in the form of Standard Webhooks.</summary>
sealed class WebhookSender(WebhookEndpoint endpoint, Outside outside, Clock clock) : IDisposable
{
    static readonly MediaTypeHeaderValue Json = new("application/json");

    readonly GuardedClient _client = new(endpoint.Allowed, outside);

    public async Task<GuardedAnswer> SendAsync(Webhook webhook, CancellationToken ct)
    {
        var body = BodyOf(webhook);
        var seconds = clock.Now.Milliseconds / 1_000;
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = Json;
        request.Headers.TryAddWithoutValidation("User-Agent", "Cote");
        request.Headers.TryAddWithoutValidation("webhook-id", webhook.Id);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(
            "webhook-signature", WebhookSignature.Of(endpoint.Keys, webhook.Id, seconds, body));
        return await _client.SendAsync(request, ct);
    }

    /// <summary>The body: the same for every try.</summary>
    public static byte[] BodyOf(Webhook webhook)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, webhook.Type);
            json.WriteString("at"u8, webhook.At.ToString());
            json.WriteStartObject("data"u8);
            json.WriteString("user_id"u8, webhook.UserId);
            if (webhook.ChatId is { } chat)
                json.WriteString("chat_id"u8, chat);
            if (webhook.MessageId is { } message)
                json.WriteString("message_id"u8, message);
            if (webhook.Cursor is { } cursor)
                json.WriteString("cursor"u8, cursor);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    public void Dispose() => _client.Dispose();
}
