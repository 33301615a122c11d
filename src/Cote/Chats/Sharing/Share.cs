using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>A link to a chat, as its owner sees it.</summary>
/// <param name="Live">Whether it follows the chat; else it shows the path of the moment at which it was made.</param>
/// <param name="Include">What is shown besides: of <see cref="ShareParts"/>.</param>
/// <param name="ExpiresAt">Null where it has no end.</param>
/// <param name="DisabledAt">Where a restore has disabled it: it shows nothing until an admin enables it.</param>
/// <param name="Url">The path of the page: in the answer that made it, and never again.</param>
sealed record Share(
    string Id, string ChatId, bool Live, IReadOnlyList<string> Include, Timestamp CreatedAt, Timestamp? ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Timestamp? DisabledAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url = null)
{
    /// <summary>The most that a user may have at a time.</summary>
    public const int Most = 500;

    /// <summary>The most that watch a share on one node at a time.</summary>
    public const int MostViewers = 50;

    /// <summary>How many of them one address may be, and how often it may read a share whole at once.</summary>
    public const int MostOfAddress = 10;

    /// <summary>The answer where as many as may be watch or read.</summary>
    public static readonly Problem Full = Problems.TooManyRequests with
    {
        Detail = "As many as may be watch this chat; wait as long as Retry-After says",
        RetryAfter = TimeSpan.FromSeconds(30),
    };

    /// <summary>The answer where an address reads it as often as it may.</summary>
    public static readonly Problem Busy = Problems.TooManyRequests with
    {
        Detail = "This chat is sent to this address as often as may be; wait as long as Retry-After says",
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    public const long ShortestLife = 60;
    public const long LongestLife = 10L * 366 * 24 * 3_600;
}

/// <summary>What a share shows besides where its owner says so. The words stand in the database.</summary>
static class ShareParts
{
    public const string Reasoning = "reasoning";
    public const string Tools = "tools";

    public static readonly string[] All = [Reasoning, Tools];
}

/// <summary>The body of <c>POST /chats/{chat_id}/shares</c>. <paramref name="ExpiresIn"/> is in seconds.</summary>
sealed record NewShare(long? ExpiresIn = null, bool? Live = null, IReadOnlyList<string>? Include = null);

/// <summary>The body of <c>POST /shared/{token}/fork</c>.</summary>
sealed record SharedForkBody(string? Id = null, string? Title = null);

/// <summary>A share that a request has the token of, with what is needed to show it.</summary>
/// <param name="Token">As the request has it: it stands in the URLs of media.</param>
/// <param name="LeafId">Of a snapshot: the last message of its path.</param>
sealed record ShownShare(
    string Id, string UserId, string ChatId, string Token, bool IsLive, string? LeafId, IReadOnlyList<string> Include,
    string Title)
{
    public bool ShowsReasoning => Include.Contains(ShareParts.Reasoning);

    public bool ShowsTools => Include.Contains(ShareParts.Tools);

    /// <summary>How much of the parts is read.</summary>
    public PartsView View => ShowsReasoning || ShowsTools ? PartsView.All : PartsView.Light;

    /// <summary>
    /// Whether it shows a part of a reply. A file that a tool made, such as a long output, is shown as the output is:
    /// with tools alone, and of a call that is done.
    /// </summary>
    public bool Shows(Part part, IReadOnlyList<Part> parts) => part switch
    {
        ReasoningPart => ShowsReasoning,
        ToolPart => ShowsTools,
        FilePart { CallId: { } id } =>
            ShowsTools && parts.Any(x => x is ToolPart { State: CallStates.Done } call && call.CallId == id),
        _ => true,
    };

    /// <summary>
    /// Stands in the URL of an upload: a number that is another file's by now answers 404, so that nobody who holds the
    /// URL sees another file.
    /// </summary>
    public string VersionOf(string mediaId) => SecureTokens.Hash(Token + mediaId)[..VersionLength];

    const int VersionLength = 16;
}

/// <summary>A chat as those see it who have a link.</summary>
sealed record SharedChat(string Title, bool Live, IReadOnlyList<SharedMessage> Messages);

/// <summary>A message as those see it who have a link.</summary>
/// <param name="Place">1 is the first one.</param>
/// <param name="Content">Of an open reply: the text so far.</param>
/// <param name="Parts">What it is made of beside its text, its uploads included; null where it is plain text.</param>
sealed record SharedMessage(
    int Place, string Sender, string Content, Timestamp Timestamp,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<SharedPart>? Parts = null);

/// <summary>A part of a shared message. It holds no id.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SharedText), "text")]
[JsonDerivedType(typeof(SharedThought), "reasoning")]
[JsonDerivedType(typeof(SharedCall), "tool")]
[JsonDerivedType(typeof(SharedSource), "source")]
[JsonDerivedType(typeof(SharedFile), "file")]
abstract record SharedPart;

/// <summary>A range of the content.</summary>
sealed record SharedText(int Start, int End) : SharedPart;

/// <summary>A thought.</summary>
sealed record SharedThought(
    string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Ms,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Truncated) : SharedPart;

/// <summary>A tool call; input and output are those of one that has ended.</summary>
sealed record SharedCall(
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Title,
    string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Input,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Output,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Truncated,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Ms) : SharedPart;

/// <summary>A citation; <paramref name="Url"/> is that of the upload where one is cited.</summary>
sealed record SharedSource(
    string Title,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Snippet,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Start,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? End) : SharedPart;

/// <summary>A file or a picture; one that could not be kept has no URL.</summary>
/// <param name="ContentType">What the URL answers: of a picture that of its new form.</param>
sealed record SharedFile(
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ContentType,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url) : SharedPart;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Share))]
[JsonSerializable(typeof(IReadOnlyList<Share>))]
[JsonSerializable(typeof(SharedMessage))]
[JsonSerializable(typeof(IReadOnlyList<SharedPart>))]
sealed partial class SharingJson : JsonSerializerContext;

/// <summary>How shared messages are serialised in answers and frames: letters stand unescaped.</summary>
static class SharedJson
{
    static readonly SharingJson Relaxed =
        new(new(SharingJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static readonly JsonTypeInfo<SharedMessage> Message = Relaxed.SharedMessage;

    public static readonly JsonTypeInfo<IReadOnlyList<SharedPart>> Parts = Relaxed.IReadOnlyListSharedPart;
}
