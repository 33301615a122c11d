using System.Text.Json;
using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>POST /v1/conversations</c>: an empty chat. Items are not taken here: a chat holds what was said in it.
/// </summary>
static class CreateConversation
{
    public static async Task Handle(HttpContext http, CurrentUser user, ChatStore chats, Clock clock)
    {
        if (await OpenAIBody.ReadAsync(http, Body.ReadOptionalAsync(http)) is not { } body)
            return;
        var reader = new TurnReader(body);
        var metadata = reader.ReadMetadata();
        if (reader.Get("items") is { } items
            && (items.ValueKind != JsonValueKind.Array || items.GetArrayLength() > 0))
            reader.Refuse(OpenAIError.Unsupported(
                "items", "A conversation begins empty: send what is said as the input of a response."));
        if (reader.Error is { } error)
        {
            await error.WriteAsync(http);
            return;
        }
        var id = clock.NewId();
        await chats.AddAsync(user.Id, TurnChats.NewChat(id, metadata, null));
        if (await ConversationPath.FindAsync(OpenAIIds.OfConversation(id), http, user, chats) is { } chat)
            await ConversationPath.WriteAsync(http, chat);
    }
}
