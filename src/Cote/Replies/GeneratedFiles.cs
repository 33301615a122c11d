using Cote.Chats;
using Cote.Media;
using Cote.Models;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// Keeps the files that models make: uploads of the user's like any other, with the same limits and the same look at
/// their bytes.
/// </summary>
sealed class GeneratedFiles(MediaIngest ingest, ILogger<GeneratedFiles> log)
{
    const string NoRoom = "quota";

    /// <summary>Keeps a file; one that there is no room for, or that cannot be taken, is a part that says so.</summary>
    public async Task<FilePart> KeepAsync(string userId, FileUpdate file, CancellationToken ct)
    {
        var name = file.Name ?? "file" + ExtensionOf(file.ContentType);
        var stream = new MemoryStream(file.Bytes.ToArray(), writable: false);
        var result = await ingest.ReceiveAsync(
            userId, stream, name, () => Task.FromResult<Problem?>(null), ct, file.IsText ? TextFiles.Of(name) : null);
        if (result.File is { } kept)
            return new(kept.Name, kept.Id, kept.Path, kept.ContentType);
        log.FileNotKept(result.Problem!.Code);
        return new(FileNames.Clean(name), Error: result.Problem == Problems.QuotaExceeded ? NoRoom
            : result.Problem.Code);
    }

    static string ExtensionOf(string contentType) => contentType.ToUpperInvariant() switch
    {
        "IMAGE/PNG" => ".png",
        "IMAGE/JPEG" => ".jpg",
        "IMAGE/GIF" => ".gif",
        "IMAGE/WEBP" => ".webp",
        "AUDIO/WAV" or "AUDIO/X-WAV" => ".wav",
        "AUDIO/MPEG" => ".mp3",
        "APPLICATION/PDF" => ".pdf",
        _ => "",
    };
}
