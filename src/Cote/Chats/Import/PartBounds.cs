using System.Text;
using System.Text.Json;
using Cote.Media;
using Cote.Models;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>
/// What an import takes of a part: as much as Cote keeps of those that it makes itself, and nothing that could not be
/// written, or read again inside a message.
/// </summary>
sealed class PartBounds(ToolsOptions tools)
{
    /// <summary>The most parts of a reply.</summary>
    public const int MostParts = 10_000;

    /// <summary>The most citations among them.</summary>
    public const int MostSources = 500;

    const int LongestTitle = 500;
    const int LongestSnippet = 2_000;
    const int LongestUrl = 2_048;

    // About what a part takes beside its text.
    const int UnitsOfPart = 256;

    static readonly JsonElement NoArguments = JsonElement.Parse("{}"u8);

    /// <summary>The part within its bounds; null where it is none as Cote writes it.</summary>
    public Part? Keep(Part part) => part switch
    {
        ReasoningPart thought => Keep(thought),
        ToolPart call => Keep(call),
        SourcePart source => Keep(source),
        FilePart { Name: null } => null,
        // A path that is signed opens the upload, so it is made of an id that was looked up, and of nothing else.
        FilePart file => file with { Url = file.MediaId is { } id ? MediaLinks.PathOf(id) : null },
        _ => part,
    };

    /// <summary>About how much of memory and of rows a part takes, in UTF-16 units.</summary>
    public static long UnitsOf(Part part) => UnitsOfPart + (part.LongText?.Length ?? 0);

    /// <summary>The arguments of a call: the JSON object that a text is, else the text under a name.</summary>
    public static JsonElement InputOf(string? text, string otherwise = "input") =>
        string.IsNullOrWhiteSpace(text) ? NoArguments
        : ToolJson.ValueOf(text) is { ValueKind: JsonValueKind.Object } value ? value : Named(otherwise, text);

    /// <summary>The arguments of a call: an object, or a text that is one.</summary>
    public static JsonElement InputOf(JsonElement json) =>
        json.Is(JsonValueKind.String) ? InputOf(json.AsText())
        : json.Is(JsonValueKind.Null) ? NoArguments : InputOf(RawOf(json));

    /// <summary>An object with a text under a name.</summary>
    public static JsonElement Named(string name, string text) => JsonElement.Parse(
        $$"""{"{{name}}":{{JsonSerializer.Serialize(WellFormedText.Of(text), WireJson.Text)}}}""");

    /// <summary>What a tool returned: JSON, or a text; null where that is nothing.</summary>
    public static JsonElement? OutputOf(JsonElement json) =>
        json.Is(JsonValueKind.String) ? TextOf(json.AsText())
        : json.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null
        : RawOf(json) is { } raw ? ToolJson.ValueOf(raw) ?? TextOf(raw) : null;

    /// <summary>What a text says as JSON, and itself where it is none; null where that is nothing.</summary>
    public static JsonElement? JsonOf(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : ToolJson.ValueOf(text) switch
        {
            null => TextOf(text),
            { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } value => TextOf(value.GetString()),
            var value => value,
        };

    /// <summary>A text as a JSON value, well-formed; null where it is blank.</summary>
    public static JsonElement? TextOf(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : ToolPart.TextElement(WellFormedText.Of(text));

    static ReasoningPart? Keep(ReasoningPart thought) => thought switch
    {
        { Text: null, Ms: null, Length: null } => null,
        { Text: null } => thought with { Length = thought.Length ?? 0 },
        { Text: { Length: > ReasoningPart.MostKept } text } => thought with
        {
            Text = Excerpt.Of(text, ReasoningPart.MostKept),
            Length = thought.Length ?? text.Length,
            Truncated = true,
        },
        { Text: var text } => thought with { Length = thought.Length ?? text.Length },
    };

    ToolPart? Keep(ToolPart call)
    {
        if (call is not { CallId: not null, Name: not null, Source: not null, State: not null }
            || ValueOf(call.Input) is not { } input)
            return null;
        var output = call.Output is { } given ? ValueOf(given) : null;
        if (output is null && call.Output is not null)
            return null;
        var kept = call with { Name = ToolJson.NameOf(call.Name), Input = input, Output = output };
        if (Encoding.UTF8.GetByteCount(input.GetRawText()) > tools.ArgumentBytes)
            kept = kept with { Input = Cut(input), Truncated = true };
        if (kept.OutputText is { } text && Encoding.UTF8.GetByteCount(text) > tools.OutputBytes)
            kept = kept with
            {
                Output = ToolPart.TextElement(Utf8Text.Beginning(text, tools.OutputBytes)),
                Truncated = true,
            };
        return kept;
    }

    static SourcePart? Keep(SourcePart source)
    {
        var url = source.Url is { Length: <= LongestUrl } given && Uri.TryCreate(given, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https" ? given : null;
        return source.Title is null || (source.Title.Length == 0 && url is null) ? null : source with
        {
            Title = Excerpt.Of(source.Title.Length > 0 ? source.Title : url!, LongestTitle),
            Url = url,
            Snippet = source.Snippet is { } snippet ? Excerpt.Of(snippet, LongestSnippet) : null,
        };
    }

    // The beginning of arguments is no JSON: it is a text, under the name of the only one where that is a text itself.
    JsonElement Cut(JsonElement input) =>
        input.Members().ToList() is [{ Value.ValueKind: JsonValueKind.String } only]
            ? Named(ToolJson.NameOf(only.Name), Utf8Text.Beginning(only.Value.GetString()!, tools.ArgumentBytes))
            : Named("input", Utf8Text.Beginning(input.GetRawText(), tools.ArgumentBytes));

    static JsonElement? ValueOf(JsonElement json) => RawOf(json) is { } raw ? ToolJson.ValueOf(raw) : null;

    static string? RawOf(JsonElement json)
    {
        try
        {
            return json.ValueKind is JsonValueKind.Undefined ? null : json.GetRawText();
        }
        catch (InvalidOperationException) // bytes that are no UTF-8
        {
            return null;
        }
    }
}
