using Microsoft.Extensions.Logging;

namespace Cote.Chats;

static partial class ChatsLog
{
    [LoggerMessage(EventId = 1800, Level = LogLevel.Information, Message = "Import {Import} is done.")]
    public static partial void ImportDone(this ILogger log, string import);

    [LoggerMessage(EventId = 1801, Level = LogLevel.Warning,
        Message = "Import {Import} has failed: {Code}. Its user sees why at GET /import/{Import}.")]
    public static partial void ImportFailed(this ILogger log, string import, string code);

    [LoggerMessage(EventId = 1802, Level = LogLevel.Error, Message = "An answer of a shared chat cannot be ended.")]
    public static partial void SharedAnswerNotEnded(this ILogger log, Exception error);

    [LoggerMessage(EventId = 1803, Level = LogLevel.Warning,
        Message = "The storage has lost the bytes of upload {Media}; a copy of a shared chat goes without them.")]
    public static partial void SharedUploadLost(this ILogger log, string media);
}
