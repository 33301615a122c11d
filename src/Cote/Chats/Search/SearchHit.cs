using System.Text.Json.Serialization;

namespace Cote.Chats;

/// <summary>A text or a title that was found, as it is sent.</summary>
/// <param name="MessageId">Absent, with the two after it, where the title of the chat was found.</param>
/// <param name="Timestamp">When it was sent, as the message has it; of a title, when the chat was created.</param>
/// <param name="OnPath"><c>false</c> for a message beside the active path; else absent.</param>
/// <param name="Snippet">A piece of the text with what was found.</param>
/// <param name="Ranges">What was found in <paramref name="Snippet"/>: first unit, and the one after the last.</param>
sealed record SearchHit(
    string ChatId,
    string ChatTitle,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? MessageId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Seq,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Sender,
    Timestamp Timestamp,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? OnPath,
    string Snippet,
    IReadOnlyList<IReadOnlyList<int>> Ranges);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<SearchHit>))]
sealed partial class SearchJson : JsonSerializerContext;
