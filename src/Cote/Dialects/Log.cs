using Microsoft.Extensions.Logging;

namespace Cote.Dialects;

/// <summary>The log lines of dialects: event ids 2500 to 2599.</summary>
static partial class DialectsLog
{
    [LoggerMessage(2500, LogLevel.Warning, "A call of {Model} through the gateway failed: {Code}.")]
    public static partial void GatewayCallFailed(this ILogger log, string model, string code);

    [LoggerMessage(2501, LogLevel.Debug,
        "A call of {Model} through the gateway could not be settled: {Code}. The sweep settles it.")]
    public static partial void GatewayCallNotSettled(this ILogger log, string model, string code);

    [LoggerMessage(2502, LogLevel.Debug, "The answer under an Idempotency-Key could not be kept: {Code}.")]
    public static partial void AnswerNotKept(this ILogger log, string code);
}
