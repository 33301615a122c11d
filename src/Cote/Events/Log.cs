using Microsoft.Extensions.Logging;

namespace Cote.Events;

/// <summary>The log lines of the event log: event ids 1300 to 1399.</summary>
static partial class EventsLog
{
    [LoggerMessage(1300, LogLevel.Warning,
        "The database was restored from a copy, or its epoch file was lost: a new epoch begins, and clients "
            + "fetch their state anew.")]
    public static partial void DatabaseRestored(this ILogger log);

    [LoggerMessage(1301, LogLevel.Warning,
        "A new epoch begins: all connections are closed, and clients fetch their state anew.")]
    public static partial void EpochBegins(this ILogger log);

    [LoggerMessage(1302, LogLevel.Warning,
        "The epoch file could not be written. A restored copy may not be noticed at the next start.")]
    public static partial void EpochFileNotWritten(this ILogger log, Exception error);

    [LoggerMessage(1303, LogLevel.Warning, "Old events could not be deleted ({Code}). The next round tries again.")]
    public static partial void EventsNotTrimmed(this ILogger log, string code);
}
