using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary><c>DELETE /chats/{chat_id}</c>: its messages go with it, and its running reply is stopped.</summary>
sealed class DeleteChat(DeletionStore deletions, ReplyStore replies, RunningReplies running, PurgeDeletedLoop purge)
{
    public static async Task<IResult> Handle(
        string chatId, CurrentUser user, DeleteChat delete, CancellationToken ct) =>
        Ids.Parse(chatId) is { } chat && await delete.DoAsync(user.Id, chat, null, ct)
            ? ApiResults.Success
            : ApiResults.Of(Problems.ChatNotFound);

    /// <summary>
    /// Deletes a chat; false where it is not there, or <paramref name="only"/>, a condition on the chat <c>c</c>, does
    /// not hold.
    /// </summary>
    public async Task<bool> DoAsync(string userId, string chatId, Sql? only, CancellationToken ct)
    {
        var pending = await replies.ListPendingAsync(userId, chatId, ct);
        if (!await deletions.DeleteChatAsync(userId, chatId, only))
            return false;
        foreach (var reply in pending)
            running.Stop(userId, reply.Id);
        purge.Wake();
        return true;
    }
}
