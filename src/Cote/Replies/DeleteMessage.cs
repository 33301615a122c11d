using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>
/// <c>DELETE /chats/{chat_id}/messages/{message_id}</c>: a question takes its replies with it; open ones are stopped.
/// </summary>
static class DeleteMessage
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, CurrentUser user, DeletionStore deletions, RunningReplies running,
        ReplyScheduler scheduler, CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await deletions.DeleteAsync(user.Id, chat, id, ct) is not { } replies)
            return ApiResults.Of(Problems.MessageNotFound);
        foreach (var gone in replies.Prepend(id))
            running.Stop(user.Id, gone);
        scheduler.Wake(user.Id, chat);
        return ApiResults.Success;
    }
}
