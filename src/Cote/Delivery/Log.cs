using Microsoft.Extensions.Logging;

namespace Cote.Delivery;

/// <summary>The log lines of delivery: event ids 2000 to 2099.</summary>
static partial class DeliveryLog
{
    [LoggerMessage(2000, LogLevel.Error, "Replies of other nodes could not be followed. The next sweep tries again.")]
    public static partial void RemoteRepliesNotFollowed(this ILogger log, Exception error);

    [LoggerMessage(2001, LogLevel.Debug,
        "The sweep for commits of other nodes failed: {Code}. The next one tries again.")]
    public static partial void SweepDelayed(this ILogger log, string code);

    [LoggerMessage(2002, LogLevel.Warning,
        "A bus message of type {Type} from node {Node} could not be read. It is dropped.")]
    public static partial void BusMessageNotUnderstood(this ILogger log, string type, string node);
}
