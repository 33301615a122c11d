using Cote.Chats;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Chats as conversations.</summary>
static class ConversationPath
{
    /// <summary>The chat; null where there is none, and the request is answered.</summary>
    public static async Task<Chat?> FindAsync(
        string conversationId, HttpContext http, CurrentUser user, ChatStore chats)
    {
        if (OpenAIIds.ChatIn(conversationId) is { } id
            && await chats.FindAsync(user.Id, id, http.RequestAborted) is { } chat)
            return chat;
        await new OpenAIError(404, OpenAIError.Invalid, "not_found",
            $"There is no conversation `{Primitives.Excerpt.Of(conversationId, 100)}`.").WriteAsync(http);
        return null;
    }

    public static Task WriteAsync(HttpContext http, Chat chat) => ApiResults.Json(ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("id"u8, OpenAIIds.OfConversation(chat.Id));
        json.WriteString("object"u8, "conversation");
        json.WriteNumber("created_at"u8, chat.CreatedAt.Milliseconds / 1_000);
        json.WritePropertyName("metadata"u8);
        json.WriteRawValue(chat.Metadata ?? "{}");
        json.WriteEndObject();
    })).ExecuteAsync(http);
}
