using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>
/// <c>POST /chats/{chat_id}/messages/</c>: answers with the stored message; with <c>Accept: text/event-stream</c> it
/// goes on with the reply.
/// </summary>
static class SendMessageEndpoint
{
    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, SendMessage send, ReplyStream stream, CancellationToken ct)
    {
        var outcome = await send.DoAsync(chatId, user.Id, await Body.ReadAsync(http), ct);
        return await stream.AnswerAsync(user, outcome, http);
    }
}
