using System.Text.Json.Serialization;

namespace Cote.Chats;

/// <summary>A chat, as it is stored and as it is sent.</summary>
/// <param name="LastMessageTime">The timestamp of the message that was sent or ended last; without one, when the chat
/// was created.</param>
/// <param name="LastMessageContent">The first 500 UTF-16 units of that message.</param>
/// <param name="LastSeq">The highest <c>seq</c> of its messages.</param>
/// <param name="Changed">The number of the user's event that last changed anything in it.</param>
/// <param name="Activity">Where it stands among the user's chats, the highest first: the number of the event that last
/// moved it; of an imported one below 0.</param>
/// <param name="LeafId">The last message of the active path, an open reply too; null in an empty chat.</param>
/// <param name="Model">The model that answers in it, as <c>provider/model</c>; null is the default.</param>
/// <param name="TitleSource">Who made the title: one of <see cref="TitleSources"/>.</param>
/// <param name="ReasoningEffort">How much its models think: <c>none</c>, <c>low</c>, <c>medium</c> or <c>high</c>; null
/// is the model's own measure.</param>
/// <param name="Tools">The tools of the server that its models may call, by name, or <c>server__*</c> for all of a
/// server; null is every tool, an empty list none.</param>
/// <param name="Temporary">It goes by itself some time after its last message.</param>
sealed record Chat(
    string Id,
    string Title,
    Timestamp CreatedAt,
    Timestamp LastMessageTime,
    string LastMessageContent,
    bool IsPinned,
    long LastSeq,
    long Changed,
    long Activity,
    string? Model,
    string? SystemPrompt,
    double? Temperature,
    int? MaxTokens,
    string? LeafId = null,
    string TitleSource = TitleSources.User,
    bool IsArchived = false,
    bool Temporary = false,
    string? ReasoningEffort = null,
    IReadOnlyList<string>? Tools = null)
{
    public const int LongestExcerpt = 500;
    public const int LongestTitle = 500;

    /// <summary>The dialect that made it: one of <see cref="ChatOrigins"/>; null where Cote's own API did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Origin { get; init; }

    /// <summary>What a client of another dialect keeps with it, as JSON. Not sent.</summary>
    [JsonIgnore]
    public string? Metadata { get; init; }

    /// <summary>Where an imported chat of 1970 stands in the database: below every event.</summary>
    public const long LowestPlace = -(1L << 62);

    // Beyond this a number of JavaScript is not exact.
    const long LowestSent = -(1L << 53) + 1;

    /// <summary>Where it stands among the user's chats in the database. Not sent.</summary>
    [JsonIgnore]
    public long Place { get; init; }

    /// <summary>What is sent of a place in the database.</summary>
    public static long ActivityAt(long place) =>
        place < 0 ? Math.Clamp(place - LowestPlace + LowestSent, LowestSent, -1) : place;
}

/// <summary>The dialects that make chats. The names stand in the database: they may never change.</summary>
static class ChatOrigins
{
    /// <summary>OpenAI's API under <c>/v1</c>.</summary>
    public const string OpenAI = "v1";
}

/// <summary>Who made a title. The names stand in the database: they may never change.</summary>
static class TitleSources
{
    /// <summary>A person wrote it, and nothing but a person changes it.</summary>
    public const string User = "user";

    /// <summary>Cote made it of the chat's messages.</summary>
    public const string Auto = "auto";
}

/// <summary>Whether, and when, a model is asked for a title. The numbers stand in the database.</summary>
static class TitleStates
{
    /// <summary>No model is asked.</summary>
    public const long None = 0;

    /// <summary>One is asked after the next reply that ends as completed.</summary>
    public const long Waiting = 1;

    /// <summary>One is to be asked now.</summary>
    public const long Due = 2;

    /// <summary>One was asked. After a crash it is asked once more.</summary>
    public const long Asked = 3;
}

/// <summary>The body of <c>POST /chats/</c>.</summary>
sealed record NewChat(
    string? Title = null, bool? AutoTitle = null, string? Id = null, bool? IsPinned = null, string? Model = null,
    string? SystemPrompt = null, double? Temperature = null, int? MaxTokens = null, bool? IsArchived = null,
    bool? Temporary = null, string? ReasoningEffort = null, IReadOnlyList<string>? Tools = null);

/// <summary>The body of <c>PATCH /chats/{chat_id}</c>.</summary>
sealed record ChatPatch(
    string? Title = null, bool? IsPinned = null, string? Model = null, string? SystemPrompt = null,
    double? Temperature = null, int? MaxTokens = null, bool? IsArchived = null, string? ReasoningEffort = null,
    IReadOnlyList<string>? Tools = null);

/// <summary>The body of <c>POST /chats/{chat_id}/fork</c>.</summary>
sealed record ForkBody(string? MessageId = null, string? Id = null, string? Title = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Chat))]
[JsonSerializable(typeof(IReadOnlyList<Chat>))]
sealed partial class ChatsJson : JsonSerializerContext;
