using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>The log lines of notices: event ids 2600 to 2699.</summary>
static partial class NoticesLog
{
    [LoggerMessage(2600, LogLevel.Information,
        "Webhook {Id} ({Type}) could not be sent to endpoint {Endpoint}: {Fault}. It is tried again.")]
    public static partial void WebhookDelayed(
        this ILogger log, string id, string type, string endpoint, string fault);

    [LoggerMessage(2601, LogLevel.Error,
        "Webhook {Id} ({Type}) of endpoint {Endpoint} was given up after {Tries} tries: {Fault}.")]
    public static partial void WebhookFailed(
        this ILogger log, string id, string type, string endpoint, long tries, string fault);

    [LoggerMessage(2602, LogLevel.Error,
        "Too many webhooks wait for endpoint {Endpoint}: the oldest {Count} were dropped.")]
    public static partial void WebhooksDropped(this ILogger log, long count, string endpoint);

    [LoggerMessage(2603, LogLevel.Warning,
        "Webhook endpoint {Endpoint} is not configured any more: {Count} webhooks of it were dropped.")]
    public static partial void WebhookEndpointGone(this ILogger log, string endpoint, long count);

    [LoggerMessage(2604, LogLevel.Warning,
        "Webhooks of endpoint {Endpoint} wait for the database ({Code}).")]
    public static partial void WebhooksDelayed(this ILogger log, string endpoint, string code);
}
