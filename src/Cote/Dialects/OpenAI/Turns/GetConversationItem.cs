using Cote.Chats;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary><c>GET /v1/conversations/{conversation_id}/items/{item_id}</c>.</summary>
static class GetConversationItem
{
    public static async Task Handle(
        string conversationId, string itemId, HttpContext http, CurrentUser user, ChatStore chats,
        ConversationItems items)
    {
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        if (await items.FindAsync(user.Id, chat.Id, itemId, http.RequestAborted) is { } item)
            await ApiResults.Json(ApiResults.Write(item.Write)).ExecuteAsync(http);
        else
            await new OpenAIError(404, OpenAIError.Invalid, "not_found",
                $"There is no item `{Primitives.Excerpt.Of(itemId, 100)}`.").WriteAsync(http);
    }
}
