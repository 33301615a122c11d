using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cote.Client;

/// <summary>
/// A part of a reply: docs/api.md, parts. <see cref="Type"/> says which fields it has; one of a type that this version
/// does not know keeps all of them in <see cref="Others"/>.
/// </summary>
public sealed record Part
{
    /// <summary><c>text</c>, <c>reasoning</c>, <c>tool</c>, <c>source</c>, <c>file</c> or <c>step</c>; ignore
    /// others.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Where a text or what a source supports begins in the content, in UTF-16 units.</summary>
    public int? Start { get; init; }

    /// <summary>Where it ends.</summary>
    public int? End { get; init; }

    /// <summary>A thought; null where only its length was sent.</summary>
    public string? Text { get; init; }

    /// <summary>How many UTF-16 units the model sent of a thought.</summary>
    public int? Length { get; init; }

    /// <summary>How long a thought or a call took, in milliseconds; null while it lasts.</summary>
    public long? Ms { get; init; }

    /// <summary>True where less is shown than there was.</summary>
    public bool? Truncated { get; init; }

    /// <summary>The call; of a file, the call that made it.</summary>
    public string? CallId { get; init; }

    /// <summary>The name of a tool or a file.</summary>
    public string? Name { get; init; }

    /// <summary>The name for people of a tool or a source.</summary>
    public string? Title { get; init; }

    /// <summary>Where a tool comes from: <c>server</c>, <c>client</c> or <c>mcp:</c> and a server.</summary>
    public string? Source { get; init; }

    /// <summary>Of a client's call: the installation that sent the tool.</summary>
    public string? ClientId { get; init; }

    /// <summary>Of a call: <c>proposed</c>, <c>waiting</c>, <c>approved</c>, <c>running</c>, <c>done</c>,
    /// <c>failed</c>, <c>denied</c> or <c>unknown</c>.</summary>
    public string? State { get; init; }

    /// <summary>The arguments of a call.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>What a tool returned: JSON or a text.</summary>
    public JsonElement? Output { get; init; }

    /// <summary>Why a call failed, as <c>{code, detail}</c>; of a file the code alone.</summary>
    public JsonElement? Error { get; init; }

    /// <summary>Of a source or a file.</summary>
    public string? Url { get; init; }

    /// <summary>The upload that a source or a file is.</summary>
    public string? MediaId { get; init; }

    /// <summary>Of a file.</summary>
    public string? ContentType { get; init; }

    /// <summary>What a source says.</summary>
    public string? Snippet { get; init; }

    /// <summary>The fields that this version does not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    /// <summary>How long the thought is that the next delta continues.</summary>
    [JsonIgnore]
    internal int Reached => Length ?? Text?.Length ?? 0;
}
