using System.Text.Json.Serialization;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>An upload, as it is stored.</summary>
sealed record MediaFile(
    string UserId, string Id, string BlobId, string Sha256, string Name, string ContentType, long Size, int? Width, int? Height,
    Timestamp CreatedAt)
{
    public string Path => MediaLinks.PathOf(Id);

    public bool IsImage => ContentType.StartsWith("image/", StringComparison.Ordinal);

    public bool IsAudio => ContentType.StartsWith("audio/", StringComparison.Ordinal);

    public bool IsVideo => ContentType.StartsWith("video/", StringComparison.Ordinal);

    /// <summary>Is it valid UTF-8 without U+0000?</summary>
    public bool IsText => ContentType.StartsWith("text/", StringComparison.Ordinal) || ContentType == FileTypes.Json;

    /// <summary>
    /// Does it make a message of this type what it says? A recorder's container tells sound and film apart only deep
    /// inside, so a voice message may come in one that is called a video.
    /// </summary>
    public bool Suits(string messageType) => messageType switch
    {
        "image" => IsImage,
        "audio" => IsAudio || ContentType is "video/mp4" or "video/webm" or "video/ogg",
        "video" => IsVideo,
        _ => true,
    };

    /// <summary>What the uploader is told. The URL is signed.</summary>
    public Uploaded ToUploaded(MediaLinks links) => new(Id, links.Sign(Path), ContentType, Size, Sha256, Name, Width, Height);
}

/// <summary>What an upload answers.</summary>
/// <param name="Url">Works without a token for a day or two; any later message or list carries a fresh one.</param>
/// <param name="Width">Of an image whose header says so, in pixels.</param>
sealed record Uploaded(
    string Id, string Url, string ContentType, long Size, string Sha256, string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Width,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Height);

/// <summary>The form of <c>POST /upload/</c>, for the description only: it is read as a stream.</summary>
sealed record UploadForm(Microsoft.AspNetCore.Http.IFormFile File);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Uploaded))]
sealed partial class MediaJson : JsonSerializerContext;
