using Cote.Chats;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>DELETE /v1/conversations/{conversation_id}/items/{item_id}</c>: the message that the item is of; a question takes
/// its replies with it.
/// </summary>
static class DeleteConversationItem
{
    public static async Task Handle(
        string conversationId, string itemId, HttpContext http, CurrentUser user, ChatStore chats,
        ConversationItems items, RemoveMessage remove)
    {
        var ct = http.RequestAborted;
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        if (await items.FindAsync(user.Id, chat.Id, itemId, ct) is null
            || !await remove.DoAsync(user.Id, chat.Id, OpenAIIds.ItemIn(itemId)!.Value.MessageId, ct))
            await new OpenAIError(404, OpenAIError.Invalid, "not_found",
                $"There is no item `{Primitives.Excerpt.Of(itemId, 100)}`.").WriteAsync(http);
        else
            await ConversationPath.WriteAsync(http, await chats.FindAsync(user.Id, chat.Id, ct) ?? chat);
    }
}
