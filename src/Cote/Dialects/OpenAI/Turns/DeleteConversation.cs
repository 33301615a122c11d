using Cote.Chats;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary><c>DELETE /v1/conversations/{conversation_id}</c>: the chat goes with all that was said in it.</summary>
static class DeleteConversation
{
    public static async Task Handle(
        string conversationId, HttpContext http, CurrentUser user, ChatStore chats, DeleteChat delete)
    {
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        await delete.DoAsync(user.Id, chat.Id, null, http.RequestAborted);
        await ApiResults.Json(ApiResults.Write(
            json => DeletedObject.Write(json, OpenAIIds.OfConversation(chat.Id), "conversation"))).ExecuteAsync(http);
    }
}
