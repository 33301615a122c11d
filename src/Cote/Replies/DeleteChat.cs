using Cote.Chats;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>
/// <c>DELETE /chats/{chat_id}</c>. It stands here and not with the chats because its replies stop and its messages go
/// with it, and a verb lives where all that it touches can be seen.
/// </summary>
static class DeleteChat
{
    public static async Task<IResult> Handle(
        string chatId, CurrentUser user, MessageStore messages, ReplyStore replies, ReplyQueue queue, PurgeDeletedLoop purge, CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat)
            return ApiResults.Of(Problems.ChatNotFound);
        var open = await replies.ListOpenAsync(user.Id, chat, ct);
        if (!await messages.DeleteChatAsync(user.Id, chat))
            return ApiResults.Of(Problems.ChatNotFound);
        foreach (var reply in open)
            queue.Stop(user.Id, reply.Id);
        purge.Wake();
        return ApiResults.Success;
    }
}
