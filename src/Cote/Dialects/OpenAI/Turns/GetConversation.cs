using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary><c>GET /v1/conversations/{conversation_id}</c>: any chat of the user's.</summary>
static class GetConversation
{
    public static async Task Handle(string conversationId, HttpContext http, CurrentUser user, ChatStore chats)
    {
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is { } chat)
            await ConversationPath.WriteAsync(http, chat);
    }
}
