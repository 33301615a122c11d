using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cote.Media;
using Cote.Primitives;

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
[JsonDerivedType(typeof(ToolPart), "tool")]
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

/// <summary>A tool call.</summary>
/// <param name="CallId">Unique in its reply.</param>
/// <param name="Name">The name of the tool, as models know it.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Source"><c>server</c>, <c>client</c> or <c>mcp:</c> with the name of the server.</param>
/// <param name="ClientId">Of a client's call: the installation that sent the tool.</param>
/// <param name="State">One of <see cref="CallStates"/>.</param>
/// <param name="Input">The arguments.</param>
/// <param name="Output">What the tool returned: JSON, or a text.</param>
/// <param name="Truncated">True where less of the output is kept or shown.</param>
/// <param name="Error">Why it was not executed, failed, or has no known outcome.</param>
/// <param name="Ms">How long it took, in milliseconds.</param>
sealed record ToolPart(
    string CallId, string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Title,
    string Source,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientId,
    string State, JsonElement Input,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Output = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Truncated = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GenerationError? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Ms = null) : Part
{
    const int LightBytes = 2_048;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? LongText => Input.GetRawText() + OutputText;

    /// <summary>The output as a text.</summary>
    [JsonIgnore]
    public string? OutputText => Output is not { } output ? null
        : output.ValueKind == JsonValueKind.String ? output.GetString() : output.GetRawText();

    /// <inheritdoc/>
    public override Part In(PartsView view) => view == PartsView.All || OutputText is not { } text
        || Encoding.UTF8.GetByteCount(text) <= LightBytes ? this
        : this with { Output = TextElement(Utf8Text.Beginning(text, LightBytes)), Truncated = true };

    /// <summary>A text as a JSON value.</summary>
    public static JsonElement TextElement(string text) =>
        JsonSerializer.SerializeToElement(text, PartsJson.Default.String);
}

/// <summary>The states of a tool call. They stand in the database: their names may never change.</summary>
static class CallStates
{
    /// <summary>The model asks for it.</summary>
    public const string Proposed = "proposed";

    /// <summary>A person is to allow it, or the client to execute it.</summary>
    public const string Waiting = "waiting";

    /// <summary>A person has allowed it.</summary>
    public const string Approved = "approved";

    /// <summary>It is executed.</summary>
    public const string Running = "running";

    public const string Done = "done";

    /// <summary>It was not executed, or its tool says that it failed.</summary>
    public const string Failed = "failed";

    /// <summary>It was not executed: nobody allowed it.</summary>
    public const string Denied = "denied";

    /// <summary>It was executed, or begun; what came of it is not known.</summary>
    public const string Unknown = "unknown";

    /// <summary>The states of a call that has not ended.</summary>
    public static readonly Sql Open = $"('proposed', 'waiting', 'approved', 'running')";

    public static bool IsFinal(string state) => state is Done or Failed or Denied or Unknown;
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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? End = null) : Part
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string? LongText => Title + Url + Snippet;
}

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
    public override Part Signed(MediaLinks links) =>
        MediaId is null ? this : this with { Url = links.Sign(MediaLinks.PathOf(MediaId)) };
}

/// <summary>It stands between two model calls of one reply.</summary>
sealed record StepPart : Part;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Part))]
[JsonSerializable(typeof(string))]
sealed partial class PartsJson : JsonSerializerContext;
