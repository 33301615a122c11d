using Cote.Chats;
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
        string chatId, HttpContext http, CurrentUser user, SendMessage send, ReplyStream stream, string? parts,
        CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var view = PartsQuery.Read(request, parts);
        using var hold = stream.Hold(user, http);
        return await stream.AnswerAsync(user, await send.DoAsync(chatId, user.Id, request, ct), view, http, hold);
    }
}
