using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// What makes a request a turn: it names a chat or a response of Cote's. Without one the request is the gateway's.
/// </summary>
/// <param name="Param">The field, or the header, that names it.</param>
/// <param name="Chat">The id of a chat, as it was sent; null where there is none.</param>
/// <param name="Conversation">The id of a conversation, as it was sent; null where there is none.</param>
/// <param name="PreviousResponse">The id of a response, as it was sent; null where there is none.</param>
sealed record TurnHandle(string Param, string? Chat, string? Conversation, string? PreviousResponse)
{
    const string Header = "X-Cote-Chat";

    /// <summary>The handle of a request; null where it has none.</summary>
    /// <param name="body">A JSON object.</param>
    /// <param name="headers">The headers of the request.</param>
    public static TurnHandle? Of(JsonElement body, IHeaderDictionary headers)
    {
        var chat = headers[Header] is [{ Length: > 0 } named, ..] ? named : null;
        var isHeader = chat is not null;
        if (Member(body, "metadata") is { ValueKind: JsonValueKind.Object } metadata)
            chat ??= TextOf(Member(metadata, "chat_id"));
        var conversation = Member(body, "conversation") is { ValueKind: JsonValueKind.Object } named2
            ? TextOf(Member(named2, "id")) : TextOf(Member(body, "conversation"));
        var previous = TextOf(Member(body, "previous_response_id"));
        var param = isHeader ? Header : chat is not null ? "metadata.chat_id"
            : conversation is not null ? "conversation" : "previous_response_id";
        return chat is null && conversation is null && previous is null ? null
            : new(param, chat, conversation, previous);
    }

    static JsonElement? Member(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    // What is no text names nothing, and is refused where the chat is looked for.
    static string? TextOf(JsonElement? json) =>
        json is { } value ? RequestReader.WellFormed(value) ?? value.GetRawText() : null;
}
