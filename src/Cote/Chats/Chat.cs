using System.Text.Json.Serialization;

namespace Cote.Chats;

/// <summary>A chat, as it is stored and as it is sent.</summary>
/// <param name="LastMessageTime">The timestamp of the message that was sent or ended last; without one, when the chat
/// was created.</param>
/// <param name="LastMessageContent">The first 500 UTF-16 units of that message.</param>
/// <param name="LastSeq">The highest <c>seq</c> of its messages.</param>
/// <param name="Changed">The number of the user's event that last changed anything in it.</param>
/// <param name="LeafId">The last message of the active path, an open reply too; null in an empty chat.</param>
/// <param name="Model">The model that answers in it, as <c>provider/model</c>; null is the default.</param>
sealed record Chat(
    string Id,
    string Title,
    Timestamp CreatedAt,
    Timestamp LastMessageTime,
    string LastMessageContent,
    bool IsPinned,
    long LastSeq,
    long Changed,
    string? Model,
    string? SystemPrompt,
    double? Temperature,
    int? MaxTokens,
    string? LeafId = null)
{
    public const int LongestExcerpt = 500;
    public const int LongestTitle = 500;

    /// <summary>Where it stands among the user's chats: the event of its last message. Not sent.</summary>
    [JsonIgnore]
    public long Activity { get; init; }
}

/// <summary>The body of <c>POST /chats/</c>.</summary>
sealed record NewChat(string Title, string? Id = null);

/// <summary>The body of <c>PATCH /chats/{chat_id}</c>.</summary>
sealed record ChatPatch(
    string? Title = null, bool? IsPinned = null, string? Model = null, string? SystemPrompt = null,
    double? Temperature = null, int? MaxTokens = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Chat))]
[JsonSerializable(typeof(IReadOnlyList<Chat>))]
sealed partial class ChatsJson : JsonSerializerContext;
