using System.Text.Json.Serialization;

namespace Cote.Media;

/// <summary>An upload, as it is stored.</summary>
/// <param name="Duration">Of sound and films: how long they last, in milliseconds; null where they do not say.</param>
sealed record MediaFile(
    string UserId, string Id, string BlobId, string Sha256, string Name, string ContentType, long Size, int? Width,
    int? Height, long? Duration, Timestamp CreatedAt)
{
    public string Path => MediaLinks.PathOf(Id);

    public bool IsImage => ContentType.StartsWith("image/", StringComparison.Ordinal);

    public bool IsAudio => ContentType.StartsWith("audio/", StringComparison.Ordinal);

    public bool IsVideo => ContentType.StartsWith("video/", StringComparison.Ordinal);

    /// <summary>Whether it is valid UTF-8 without U+0000.</summary>
    public bool IsText =>
        ContentType.StartsWith("text/", StringComparison.Ordinal) || ContentType == TextFiles.Json;

    /// <summary>
    /// Whether a message of this type may have it as its media. The container of a recorder tells sound from film only
    /// deep inside, so a voice message may come in one whose type says video.
    /// </summary>
    public bool Suits(string messageType) => messageType switch
    {
        "image" => IsImage,
        "audio" => IsAudio || ContentType is "video/mp4" or "video/webm" or "video/ogg",
        "video" => IsVideo,
        _ => true,
    };

    /// <summary>As a message shows it, with its path as URL.</summary>
    public MediaInfo ToInfo() =>
        new(Id, Path, Name, ContentType, Size, Width, Height, MediaInfo.SecondsOf(Duration));

    /// <summary>The answer to the uploader, with a signed URL.</summary>
    public Uploaded ToUploaded(MediaLinks links) =>
        new(Id, links.Sign(Path), ContentType, Size, Sha256, Name, Width, Height, MediaInfo.SecondsOf(Duration));
}

/// <summary>The answer to an upload.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="Url">Works without a token for one to two days; any later message or list carries a fresh one.</param>
/// <param name="ContentType">The type that the bytes have.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Of the bytes, in lower-case hexadecimal.</param>
/// <param name="Name">The file name, cleaned.</param>
/// <param name="Width">Of an image: in pixels, as viewers show it.</param>
/// <param name="Height">Of an image: in pixels, as viewers show it.</param>
/// <param name="Duration">Of sound and films: in seconds.</param>
sealed record Uploaded(
    string Id, string Url, string ContentType, long Size, string Sha256, string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Width = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Height = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Duration = null)
{
    /// <summary>In an export, of a recording: its transcript, where one was made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }
}

/// <summary>An upload that a message names, as the message shows it.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="Url">Signed; works without a token for one to two days.</param>
/// <param name="Name">The file name, cleaned.</param>
/// <param name="ContentType">The type that the bytes have.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Width">Of an image: in pixels, as viewers show it.</param>
/// <param name="Height">Of an image: in pixels, as viewers show it.</param>
/// <param name="Duration">Of sound and films: in seconds.</param>
sealed record MediaInfo(
    string Id, string Url, string Name, string ContentType, long Size,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Width = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Height = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Duration = null)
{
    const double MillisecondsInSecond = 1_000;

    /// <summary>As it is shown: with a URL that is signed now.</summary>
    public MediaInfo Signed(MediaLinks links) => this with { Url = links.Sign(Url) };

    public static double? SecondsOf(long? milliseconds) => milliseconds / MillisecondsInSecond;
}

/// <summary>The form of <c>POST /upload/</c>, for OpenAPI alone: the route reads it as a stream.</summary>
sealed record UploadForm(Microsoft.AspNetCore.Http.IFormFile File);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Uploaded))]
sealed partial class MediaJson : JsonSerializerContext;
