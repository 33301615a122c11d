using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cote.Client;

/// <summary>A message as the server answers it: docs/api.md, messages.</summary>
public sealed record Message
{
    /// <summary>A UUID in lower case.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>The chat that it stands in.</summary>
    public string ChatId { get => field ?? ""; init; }

    /// <summary>Its place in the chat, ascending along a path.</summary>
    public long Seq { get; init; }

    /// <summary>The text; of an open reply the text so far.</summary>
    public string Content { get => field ?? ""; init; }

    /// <summary><c>text</c>, <c>image</c>, <c>audio</c>, <c>video</c>, <c>file</c> or <c>code</c>.</summary>
    public string Type { get => field ?? "text"; init; }

    /// <summary><c>user</c> or <c>ai</c>.</summary>
    public string Sender { get => field ?? ""; init; }

    /// <summary>When it was sent, or first listed, in UTC.</summary>
    public DateTimeOffset Timestamp { get; init; }

    /// <summary><c>sent</c>, <c>delivered</c> or <c>read</c>; it only moves forward.</summary>
    public string Status { get => field ?? "sent"; init; }

    /// <summary>The signed URLs of the uploads that it names.</summary>
    public IReadOnlyList<string> MediaUrls { get => field ?? []; init; }

    /// <summary>The same uploads with what is known of them.</summary>
    public IReadOnlyList<Media> Media { get => field ?? []; init; }

    /// <summary>The message that it answers.</summary>
    public string? ReplyToId { get; init; }

    /// <summary><c>low</c>, <c>normal</c> or <c>high</c>.</summary>
    public string ImportanceLevel { get => field ?? "normal"; init; }

    /// <summary>Of a user's message: its first reply.</summary>
    public string? ReplyId { get; init; }

    /// <summary>The message before it on its path; null at the beginning.</summary>
    public string? ParentId { get; init; }

    /// <summary>False beside the active path, else null.</summary>
    public bool? OnPath { get; init; }

    /// <summary>Its place among its versions; null where it is alone.</summary>
    public Siblings? Siblings { get; init; }

    /// <summary>Of a reply: how far it has come.</summary>
    public Generation? Generation { get; init; }

    /// <summary>Of a reply: what the user thinks of it.</summary>
    public Feedback? Feedback { get; init; }

    /// <summary>What a reply is made of; null where it is plain text.</summary>
    public IReadOnlyList<Part>? Parts { get; init; }

    /// <summary>The fields that this version does not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    /// <summary>Whether it is a reply that has not ended: <c>queued</c>, <c>running</c> or <c>waiting</c>.</summary>
    [JsonIgnore]
    public bool IsOpen => Generation?.State is "queued" or "running" or "waiting";
}

/// <summary>How a reply came about; on a user's message <see cref="Error"/> alone: a provider refused it.</summary>
public sealed record Generation
{
    /// <summary><c>queued</c>, <c>running</c>, <c>waiting</c>, <c>completed</c>, <c>stopped</c>, <c>failed</c> or
    /// <c>interrupted</c>.</summary>
    public string? State { get; init; }

    /// <summary>The attempt that the text belongs to, from 1.</summary>
    public long? Attempt { get; init; }

    /// <summary>The model that made it.</summary>
    public string? Model { get; init; }

    /// <summary>How the model ended it: <c>stop</c>, <c>length</c> or another word.</summary>
    public string? FinishReason { get; init; }

    /// <summary>Why it failed.</summary>
    public GenerationError? Error { get; init; }

    /// <summary>What its calls used.</summary>
    public JsonElement? Usage { get; init; }

    /// <summary>The fields that this version does not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>Why a reply failed.</summary>
/// <param name="Code">A stable word.</param>
/// <param name="Detail">A sentence.</param>
public sealed record GenerationError(string? Code, string? Detail);

/// <summary>The place of a message among those with the same parent and sender.</summary>
/// <param name="Index">From 1.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Previous">The id of the one before it; null at the beginning.</param>
/// <param name="Next">The id of the one after it; null at the end.</param>
public sealed record Siblings(long Index, long Count, string? Previous, string? Next);

/// <summary>What the user thinks of a reply.</summary>
/// <param name="Rating">1 is good, -1 is bad.</param>
/// <param name="Text">In the user's words.</param>
public sealed record Feedback(long Rating, string? Text = null);

/// <summary>An upload as a message shows it, and as an upload is answered.</summary>
public sealed record Media
{
    /// <summary>A UUID in lower case.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>A signed path on the server, to be used in <c>media_urls</c>.</summary>
    public string Url { get => field ?? ""; init; }

    /// <summary>The file's name.</summary>
    public string? Name { get; init; }

    /// <summary>The type that the server found.</summary>
    public string? ContentType { get; init; }

    /// <summary>In bytes.</summary>
    public long? Size { get; init; }

    /// <summary>In pixels, as a viewer shows it.</summary>
    public int? Width { get; init; }

    /// <summary>In pixels, as a viewer shows it.</summary>
    public int? Height { get; init; }

    /// <summary>In seconds.</summary>
    public double? Duration { get; init; }

    /// <summary>The fields that this version does not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}
