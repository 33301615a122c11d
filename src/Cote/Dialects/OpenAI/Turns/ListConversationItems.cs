using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary><c>GET /v1/conversations/{conversation_id}/items</c>: what was said on the chat's active path.</summary>
static class ListConversationItems
{
    public static async Task Handle(
        string conversationId, HttpContext http, CurrentUser user, ChatStore chats, ConversationItems items,
        string? order, string? after, string? limit)
    {
        if (ItemPage.Read(order, after, limit, out var error) is not { } page)
            await error!.WriteAsync(http);
        else if (await ConversationPath.FindAsync(conversationId, http, user, chats) is { } chat)
        {
            if (await items.ListAsync(user.Id, chat.Id, page, http.RequestAborted) is var (listed, hasMore))
                await ItemPage.WriteAsync(http, listed, hasMore);
            else
                await OpenAIError.Wrong("after", "There is no such item in this conversation.").WriteAsync(http);
        }
    }
}
