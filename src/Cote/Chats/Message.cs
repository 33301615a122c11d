using System.Text.Json;
using System.Text.Json.Serialization;
using Cote.Media;

namespace Cote.Chats;

/// <summary>A message, as it is stored and as it is sent.</summary>
/// <param name="Seq">Its place in the chat.</param>
/// <param name="Status"><c>sent</c>, <c>delivered</c> or <c>read</c>; it only moves forward.</param>
/// <param name="MediaUrls">The paths of the uploads that it names; signed only in <see cref="Signed"/>.</param>
/// <param name="Media">The same uploads with what is known of them.</param>
/// <param name="ReplyId">Of a user's message: the reply to it.</param>
/// <param name="Generation">Of a reply: how far it has come.</param>
/// <param name="ParentId">The message before it on its path; null at a beginning.</param>
/// <param name="OnPath">False beside the active path, else null.</param>
/// <param name="Siblings">Its place among the versions of it; null where it is alone.</param>
/// <param name="Feedback">Of a reply: what the user thinks of it.</param>
/// <param name="Parts">Of a reply that is more than plain text: what it is made of.</param>
sealed record Message(
    string Id,
    string ChatId,
    long Seq,
    string Content,
    string Type,
    string Sender,
    Timestamp Timestamp,
    string Status,
    IReadOnlyList<string> MediaUrls,
    IReadOnlyList<MediaInfo> Media,
    string? ReplyToId,
    string ImportanceLevel,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReplyId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Generation? Generation = null,
    string? ParentId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? OnPath = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Siblings? Siblings = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Feedback? Feedback = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Part>? Parts = null)
{
    /// <summary>The most units of a content that is read: what a JSON answer can carry with room to spare.</summary>
    public const int LongestContent = 20_000_000;

    /// <summary>The user's event that sent or ended it; 0 while it is pending. Not serialised.</summary>
    [JsonIgnore]
    public long EventSeq { get; init; }

    /// <summary>Its parts with their revision. Not serialised.</summary>
    [JsonIgnore]
    public ReplyParts PartStates { get; init; } = ReplyParts.None;

    /// <summary>As it is shown: with URLs that are signed now.</summary>
    public Message Signed(MediaLinks links) => !NamesUploads ? this : this with
    {
        MediaUrls = links.Sign(MediaUrls),
        Media = [.. Media.Select(x => x.Signed(links))],
        Parts = Parts is null ? null : [.. Parts.Select(x => x.Signed(links))],
    };

    /// <summary>Whether it has URLs that are signed; an open reply has its files among its parts alone.</summary>
    [JsonIgnore]
    public bool NamesUploads => MediaUrls.Count > 0
        || Parts?.Any(x => x is FilePart { MediaId: not null }) == true;

    /// <summary>As this view shows it.</summary>
    public Message In(PartsView view) => Parts is null || view == PartsView.All ? this : this with
    {
        Parts = view == PartsView.None ? null : [.. Parts.Select(x => x.In(view))],
    };

    /// <summary>Its texts that may be long: what it takes in an answer.</summary>
    [JsonIgnore]
    public IEnumerable<string?> Texts => [Content, .. MediaUrls, .. Parts?.Select(x => x.LongText) ?? []];

    /// <summary>True where its text does not change any more.</summary>
    [JsonIgnore]
    public bool HasEnded => Generation?.State is not { } state || States.IsFinal(state);

    /// <summary>True for an ended reply whose end was not delivered to a client yet.</summary>
    [JsonIgnore]
    public bool AwaitsDelivery => Sender == Senders.Ai && Status == Statuses.Sent && HasEnded;
}

/// <summary>
/// How a reply came about. On a user's message it holds <paramref name="Error"/> alone: a provider refused the message
/// for its content, and later prompts leave it out.
/// </summary>
/// <param name="Attempt">The attempt that made the text.</param>
/// <param name="FinishReason">How the model ended it: <c>stop</c>, <c>length</c>, <c>content_filter</c>,
/// <c>tool_calls</c> or the provider's own word.</param>
sealed record Generation(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? State = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Attempt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Model = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? FinishReason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GenerationError? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Usage? Usage = null);

/// <summary>What the user thinks of a reply.</summary>
/// <param name="Rating">1 is good, -1 is bad.</param>
/// <param name="Text">In the user's words; null where there are none.</param>
sealed record Feedback(
    long Rating, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Text = null)
{
    public const int LongestText = 2_000;
}

/// <summary>The body of <c>PUT /chats/{chat_id}/messages/{message_id}/feedback</c>.</summary>
sealed record FeedbackBody(long? Rating, string? Text = null);

/// <summary>Why a reply failed.</summary>
sealed record GenerationError(string Code, string Detail);

/// <summary>What the calls of a reply have used, in tokens.</summary>
/// <param name="CostUsd">Null where a price is unknown.</param>
/// <param name="Estimated">True where a provider did not count all of it, else null.</param>
sealed record Usage(
    long InputTokens, long OutputTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? CachedInputTokens = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ReasoningTokens = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? CostUsd = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Estimated = null);

/// <summary>The states of a reply. They stand in the database: their names may never change.</summary>
static class States
{
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Completed = "completed";
    public const string Stopped = "stopped";
    public const string Failed = "failed";
    public const string Interrupted = "interrupted";

    /// <summary>It waits for a person. Later versions write it.</summary>
    public const string Waiting = "waiting";

    /// <summary>The states of a reply that has not ended. A partial index holds the same words.</summary>
    public static readonly Sql Open = $"('queued', 'running', 'waiting')";

    public static bool IsFinal(string state) => state is not (Queued or Running or Waiting);
}

static class Statuses
{
    public const string Sent = "sent";
    public const string Delivered = "delivered";
    public const string Read = "read";
}

static class Senders
{
    public const string User = "user";
    public const string Ai = "ai";
}

/// <summary>The body of <c>POST /chats/{chat_id}/messages/</c>.</summary>
sealed record MessageBody(
    string Content, string Type = "text", IReadOnlyList<string>? MediaUrls = null, string? ReplyToId = null,
    string ImportanceLevel = "normal", string? Id = null, string? ParentId = null, string? VersionOf = null,
    bool Stop = false, IReadOnlyList<ClientTool>? ClientTools = null, string? ClientId = null);

/// <summary>A tool that a client brings with a message, and executes itself.</summary>
sealed record ClientTool(string Name, string? Description = null, JsonElement? Parameters = null);

/// <summary>The body of <c>POST /chats/{chat_id}/messages/{message_id}/regenerate</c>.</summary>
sealed record RegenerateBody(
    string? Id = null, string? Model = null, double? Temperature = null, int? MaxTokens = null,
    string? ReasoningEffort = null, bool Continue = false, bool Stop = false);

/// <summary>The body of <c>PUT /chats/{chat_id}/leaf</c>.</summary>
sealed record LeafBody(string MessageId);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(IReadOnlyList<Message>))]
[JsonSerializable(typeof(Usage))]
[JsonSerializable(typeof(Siblings))]
[JsonSerializable(typeof(Feedback))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
sealed partial class MessagesJson : JsonSerializerContext;
