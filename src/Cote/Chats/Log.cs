using Microsoft.Extensions.Logging;

namespace Cote.Chats;

static partial class ChatsLog
{
    [LoggerMessage(EventId = 1800, Level = LogLevel.Information, Message = "Import {Import} is done.")]
    public static partial void ImportDone(this ILogger log, string import);

    [LoggerMessage(EventId = 1801, Level = LogLevel.Warning,
        Message = "Import {Import} has failed: {Code}. Its user sees why at GET /import/{Import}.")]
    public static partial void ImportFailed(this ILogger log, string import, string code);
}
