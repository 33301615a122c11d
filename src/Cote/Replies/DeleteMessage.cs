using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>
/// <c>DELETE /chats/{chat_id}/messages/{message_id}</c>: a question takes its reply with it; a pending one is stopped.
/// </summary>
static class DeleteMessage
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, CurrentUser user, MessageStore messages, RunningReplies running,
        ReplyScheduler scheduler,
        CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id)
            return ApiResults.Of(Problems.MessageNotFound);
        while (await messages.FindAsync(user.Id, chat, id, ct) is { } message)
        {
            // Another request may delete the reply in between: then this transaction does not happen, and the rows are
            // read again.
            var reply = message.ReplyId is { } replyId ? await messages.FindAsync(user.Id, chat, replyId, ct) : null;
            if (!await messages.DeleteAsync(user.Id, chat, reply is null ? [id] : [id, reply.Id]))
                continue;
            running.Stop(user.Id, message.ReplyId ?? id);
            scheduler.Wake(user.Id, chat);
            return ApiResults.Success;
        }
        return ApiResults.Of(Problems.MessageNotFound);
    }
}
