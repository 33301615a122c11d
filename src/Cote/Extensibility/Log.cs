using Microsoft.Extensions.Logging;

namespace Cote;

static partial class ExtensibilityLog
{
    [LoggerMessage(EventId = 2200, Level = LogLevel.Warning,
        Message = "A callback of the host took longer than {Limit} and was cancelled.")]
    public static partial void CallbackTimedOut(this ILogger log, TimeSpan limit);

    [LoggerMessage(EventId = 2201, Level = LogLevel.Error, Message = "A callback of the host failed.")]
    public static partial void CallbackFailed(this ILogger log, Exception error);
}
