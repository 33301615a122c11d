using Cote.Chats;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.UIStream;

/// <summary>
/// <c>GET /api/chat/{id}/stream</c>: the open reply of a chat, whole from its beginning; 204 where there is none.
/// </summary>
static class ResumeUIStream
{
    public static async Task<IResult> Handle(
        string id, HttpContext http, CurrentUser user, ChatStore chats, MessageStore messages, ReplyStore replies,
        UIReplyStream stream, CancellationToken ct)
    {
        var chatId = UIChatRequest.IdInPath(user.Id, id);
        if (await chats.FindAsync(user.Id, chatId, ct) is not { } chat)
            return Results.NoContent();
        // The one that the path ends with, else the latest.
        var open = await replies.ListPendingAsync(user.Id, chatId, ct);
        var reply = open.FirstOrDefault(x => x.Id == chat.LeafId) ?? open.MaxBy(x => x.Seq);
        return reply is not null && await messages.FindAsync(user.Id, chatId, reply.Id, ct) is { } message
            ? await stream.AnswerAsync(user, message, null, http) : Results.NoContent();
    }
}
