using Microsoft.Extensions.Logging;

namespace Cote.Notices;

/// <summary>Every log line of pushes. None holds a token, an endpoint or a text.</summary>
static partial class PushLog
{
    [LoggerMessage(EventId = 2650, Level = LogLevel.Warning,
        Message = "A push by {Kind} to device {DeviceId} was given up after {Tries} tries: {Why}")]
    public static partial void PushGivenUp(
        this ILogger log, string kind, string deviceId, long tries, string why);

    [LoggerMessage(EventId = 2651, Level = LogLevel.Information,
        Message = "Device {DeviceId} is removed: its service {Kind} says that it is gone")]
    public static partial void DeviceGone(this ILogger log, string deviceId, string kind);

    [LoggerMessage(EventId = 2653, Level = LogLevel.Information,
        Message = "A push by {Kind} to device {DeviceId} is tried again in {Gap}: {Why}")]
    public static partial void PushDelayed(
        this ILogger log, string kind, string deviceId, TimeSpan gap, string why);

    [LoggerMessage(EventId = 2652, Level = LogLevel.Error, Message = "There is no Web Push: {Why}")]
    public static partial void NoVapidKey(this ILogger log, string why);

    [LoggerMessage(EventId = 2654, Level = LogLevel.Error,
        Message = "Too many pushes wait: the oldest {Count} were dropped.")]
    public static partial void PushesDropped(this ILogger log, long count);
}
