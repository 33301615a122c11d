using Microsoft.Extensions.Logging;

namespace Cote.Http;

/// <summary>Every log line of this room. Lines that ask an operator to act stand in docs/operations.md.</summary>
static partial class HttpLog
{
    [LoggerMessage(EventId = 1400, Level = LogLevel.Debug,
        Message = "{Method} {Path} {Status} {Milliseconds:0.0} ms {RequestId}")]
    public static partial void RequestCompleted(
        this ILogger log, string method, string path, int status, double milliseconds, string requestId);

    [LoggerMessage(EventId = 1401, Level = LogLevel.Debug,
        Message = "{Method} {Path} ended because its connection was closed, request {RequestId}")]
    public static partial void RequestAborted(this ILogger log, string method, string path, string requestId);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Error, Message = "{Method} {Path} failed, request {RequestId}")]
    public static partial void RequestFailed(
        this ILogger log, Exception error, string method, string path, string requestId);

    [LoggerMessage(EventId = 1410, Level = LogLevel.Information, Message = "Cote has started")]
    public static partial void Started(this ILogger log);

    [LoggerMessage(EventId = 1411, Level = LogLevel.Information,
        Message = "{Signal} received: readiness answers 503 now, and the server stops in {Seconds} s")]
    public static partial void DrainStarted(this ILogger log, string signal, int seconds);

    [LoggerMessage(EventId = 1412, Level = LogLevel.Information, Message = "{Signal} received: the server stops")]
    public static partial void StopRequested(this ILogger log, string signal);

    [LoggerMessage(EventId = 1413, Level = LogLevel.Warning,
        Message = "{Count} connections were still busy {Seconds} s after the server began to stop; they are aborted")]
    public static partial void ConnectionsAborted(this ILogger log, int count, int seconds);

    [LoggerMessage(EventId = 1420, Level = LogLevel.Information, Message = "Now listening on: {Address}")]
    public static partial void Listening(this ILogger log, string address);

    [LoggerMessage(EventId = 1421, Level = LogLevel.Information, Message = "Open {Address}")]
    public static partial void OpenPage(this ILogger log, string address);

    [LoggerMessage(EventId = 1422, Level = LogLevel.Warning,
        Message = "CORS refused a browser on origin {Origin}; Cote__Http__CorsOrigins lists the origins that may call")]
    public static partial void PreflightRefused(this ILogger log, string origin);
}
