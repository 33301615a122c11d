using System.Text.Json.Serialization;
using Cote.Media;

namespace Cote.Chats;

/// <summary>How much of the parts of replies a client asks for, by <c>?parts=</c>.</summary>
enum PartsView
{
    /// <summary>Parts without the text of thoughts, and with the beginning of long outputs.</summary>
    Light,

    /// <summary>Parts whole.</summary>
    All,

    /// <summary>No parts.</summary>
    None,
}

/// <summary>
/// A part of a reply. Parts are only appended, and only the last one grows; what else changes replaces one whole.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TextPart), "text")]
[JsonDerivedType(typeof(ReasoningPart), "reasoning")]
[JsonDerivedType(typeof(SourcePart), "source")]
[JsonDerivedType(typeof(FilePart), "file")]
[JsonDerivedType(typeof(StepPart), "step")]
abstract record Part
{
    /// <summary>The part as this view shows it.</summary>
    public virtual Part In(PartsView view) => this;

    /// <summary>Its text that may be long; null where it has none.</summary>
    [JsonIgnore]
    public virtual string? LongText => null;

    /// <summary>The part as it is shown: with a URL that is signed now.</summary>
    public virtual Part Signed(MediaLinks links) => this;
}

/// <summary>A range of the reply's content, in UTF-16 units.</summary>
sealed record TextPart(int Start, int End) : Part;

/// <summary>A thought of the model: never content, title, excerpt or a later prompt.</summary>
/// <param name="Text">What is kept of it; null where only its length is known or asked for.</param>
/// <param name="Ms">How long the model thought, in milliseconds; null while it thinks.</param>
/// <param name="Length">The UTF-16 units that the model sent.</param>
/// <param name="Truncated">True where less is kept.</param>
sealed record ReasoningPart(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Ms = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Length = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Truncated = null) : Part
{
    /// <summary>The most units that are kept.</summary>
    public const int MostKept = 256_000;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? LongText => Text;

    /// <inheritdoc/>
    public override Part In(PartsView view) => view == PartsView.All || Text is null ? this
        : this with { Text = null, Length = Length ?? Text.Length };
}

/// <summary>A citation.</summary>
/// <param name="Title">The name of what is cited.</param>
/// <param name="Url">Where it is: http or https.</param>
/// <param name="MediaId">The upload that is cited.</param>
/// <param name="Snippet">The words that are cited.</param>
/// <param name="Start">Where the content that it bears out begins, in UTF-16 units.</param>
/// <param name="End">Where that ends.</param>
sealed record SourcePart(
    string Title,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? MediaId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Snippet = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Start = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? End = null) : Part;

/// <summary>A file that the model or a tool made.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MediaId">The upload that it is; null where it could not be kept.</param>
/// <param name="Url">Its path, signed where it is shown.</param>
/// <param name="ContentType">What it is.</param>
/// <param name="CallId">The tool call that made it; null where the model did.</param>
/// <param name="Error">Why it could not be kept: <c>quota</c>.</param>
sealed record FilePart(
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? MediaId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ContentType = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CallId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null) : Part
{
    /// <inheritdoc/>
    public override Part Signed(MediaLinks links) => Url is null ? this : this with { Url = links.Sign(Url) };
}

/// <summary>It stands between two model calls of one reply.</summary>
sealed record StepPart : Part;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Part))]
[JsonSerializable(typeof(string))]
sealed partial class PartsJson : JsonSerializerContext;
