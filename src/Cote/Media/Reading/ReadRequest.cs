using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cote.Media.Reading;

/// <summary>What is to be made of a file.</summary>
enum ReadTask
{
    /// <summary>A picture that a model can see.</summary>
    Picture,

    /// <summary>A small picture for a list.</summary>
    Thumbnail,

    /// <summary>The text of a document, its outline, and the pictures of scanned pages.</summary>
    Text,

    /// <summary>A recording in pieces, each a file of its own.</summary>
    Pieces,
}

/// <summary>What a reader is asked: one line of JSON, before the bytes of the file.</summary>
/// <param name="Task">What is to be made.</param>
/// <param name="ContentType">The type of the file.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="MaxBytes">The most bytes of a picture or of a piece.</param>
/// <param name="Width">Of a thumbnail: the most pixels of its width.</param>
/// <param name="Pictures">The most pictures of pages.</param>
sealed record ReadRequest(
    ReadTask Task, string ContentType, long Size, int MaxBytes = 0, int Width = 0, int Pictures = 0);

/// <summary>Something that a reader has made: one line of JSON, before its bytes.</summary>
/// <param name="Kind">What it is: the kind of a form, or <c>ready</c>, <c>end</c>, <c>unreadable</c>.</param>
/// <param name="Size">How many bytes follow.</param>
/// <param name="ContentType">Their type.</param>
/// <param name="Width">Of a picture, in pixels.</param>
/// <param name="Height">Of a picture, in pixels.</param>
/// <param name="Word">Why the file cannot be read.</param>
sealed record ReadPart(
    string Kind, int Size = 0, string ContentType = "", int? Width = null, int? Height = null, string? Word = null)
{
    /// <summary>The reader has the file, and begins: what becomes of it from now on is the file's doing.</summary>
    public const string Ready = "ready";

    /// <summary>Nothing more follows.</summary>
    public const string End = "end";

    /// <summary>The file cannot be read, and nothing more follows.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>The bytes.</summary>
    [JsonIgnore]
    public byte[] Bytes { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(ReadRequest))]
[JsonSerializable(typeof(ReadPart))]
sealed partial class ReadingJson : JsonSerializerContext;
