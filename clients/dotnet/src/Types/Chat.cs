using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cote.Client;

/// <summary>A chat as the server answers it: docs/api.md, chats.</summary>
public sealed record Chat
{
    /// <summary>A UUID in lower case.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>The title; empty until an automatic one is made.</summary>
    public string Title { get => field ?? ""; init; }

    /// <summary>When it was made, in UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a message was last sent or ended in it; without one <see cref="CreatedAt"/>.</summary>
    public DateTimeOffset LastMessageTime { get; init; }

    /// <summary>The first 500 UTF-16 units of that message of the active path.</summary>
    public string LastMessageContent { get => field ?? ""; init; }

    /// <summary>Whether the user pinned it.</summary>
    public bool IsPinned { get; init; }

    /// <summary>Whether it is out of the usual list.</summary>
    public bool IsArchived { get; init; }

    /// <summary>Whether it goes by itself after its last message.</summary>
    public bool Temporary { get; init; }

    /// <summary>The highest <see cref="Message.Seq"/> in it.</summary>
    public long LastSeq { get; init; }

    /// <summary>The number of the event that last changed anything in it.</summary>
    public long Changed { get; init; }

    /// <summary>Where it stands among the chats, the highest first.</summary>
    public long Activity { get; init; }

    /// <summary>The last message of the active path, an open reply too; null in an empty chat.</summary>
    public string? LeafId { get; init; }

    /// <summary>An id of <c>GET /models</c>; null for the server's default.</summary>
    public string? Model { get; init; }

    /// <summary>What stands before the messages; null for the server's default.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>From 0 to 2; null for the model's own.</summary>
    public double? Temperature { get; init; }

    /// <summary>The most tokens of a reply; null for the server's.</summary>
    public long? MaxTokens { get; init; }

    /// <summary><c>none</c>, <c>low</c>, <c>medium</c> or <c>high</c>; null for the model's own.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>The tools that its models may call; null for every one.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary><c>auto</c> or <c>user</c>.</summary>
    public string? TitleSource { get; init; }

    /// <summary>The fields that this version does not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}
