using Microsoft.Extensions.Logging;

namespace Cote.Media;

static partial class MediaLog
{
    [LoggerMessage(EventId = 1600, Level = LogLevel.Information,
        Message = "The media sweep deleted {Count} uploads that no message references.")]
    public static partial void UploadsSwept(this ILogger log, int count);

    [LoggerMessage(EventId = 1601, Level = LogLevel.Information,
        Message = "The media reconciliation deleted the bytes of blob {Blob}, which has no row in the database.")]
    public static partial void BlobReconciled(this ILogger log, string blob);

    [LoggerMessage(EventId = 1602, Level = LogLevel.Information,
        Message = "The reader of upload {Media}, {ContentType}, took longer than {Seconds} seconds and was ended.")]
    public static partial void ReaderTimedOut(this ILogger log, string media, string contentType, double seconds);

    [LoggerMessage(EventId = 1603, Level = LogLevel.Information,
        Message = "The reader of upload {Media}, {ContentType}, ended with code {Code}: {Error}")]
    public static partial void ReaderDied(
        this ILogger log, string media, string contentType, int code, string error);

    [LoggerMessage(EventId = 1604, Level = LogLevel.Error,
        Message = "A reader of uploads cannot be started from {Program}: {Reason}")]
    public static partial void ReaderNotStarted(this ILogger log, string program, string reason);
}
