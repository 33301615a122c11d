using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>
/// <c>DELETE /chats/{chat_id}/messages/{message_id}</c>: a question takes its replies with it; open ones are stopped.
/// </summary>
static class DeleteMessage
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, CurrentUser user, RemoveMessage remove, CancellationToken ct) =>
        Ids.Parse(chatId) is { } chat && Ids.Parse(messageId) is { } id
            && await remove.DoAsync(user.Id, chat, id, ct)
            ? ApiResults.Success : ApiResults.Of(Problems.MessageNotFound);
}

/// <summary>Deletes a message with what goes with it.</summary>
sealed class RemoveMessage(DeletionStore deletions, RunningReplies running, ReplyScheduler scheduler)
{
    /// <summary>False where the chat has no such message.</summary>
    public async Task<bool> DoAsync(string userId, string chatId, string id, CancellationToken ct)
    {
        if (await deletions.DeleteAsync(userId, chatId, id, ct) is not { } replies)
            return false;
        foreach (var gone in replies.Prepend(id))
            running.Stop(userId, gone);
        scheduler.Wake(userId, chatId);
        return true;
    }
}
