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
}
