using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary><c>DELETE /chats/{chat_id}</c>: its messages go with it, and its running reply is stopped.</summary>
static class DeleteChat
{
    public static async Task<IResult> Handle(
        string chatId, CurrentUser user, DeletionStore deletions, ReplyStore replies, RunningReplies running,
        PurgeDeletedLoop purge,
        CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat)
            return ApiResults.Of(Problems.ChatNotFound);
        var pending = await replies.ListPendingAsync(user.Id, chat, ct);
        if (!await deletions.DeleteChatAsync(user.Id, chat))
            return ApiResults.Of(Problems.ChatNotFound);
        foreach (var reply in pending)
            running.Stop(user.Id, reply.Id);
        purge.Wake();
        return ApiResults.Success;
    }
}
