using Microsoft.Extensions.Logging;

namespace Cote.Primitives;

static partial class PrimitivesLog
{
    [LoggerMessage(EventId = 1000, Level = LogLevel.Warning,
        Message = "{Loop} could not finish its round: {Code}. The next round tries again.")]
    public static partial void RoundDelayed(this ILogger log, string loop, string code);

    [LoggerMessage(EventId = 1001, Level = LogLevel.Error,
        Message = "{Loop} failed in a round. The next round tries again.")]
    public static partial void RoundFailed(this ILogger log, Exception error, string loop);
}
