using Cote.Chats;
using Cote.Media;
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
        string chatId, HttpContext http, CurrentUser user, SendMessage send, ReplyStream stream, MediaLinks links,
        CancellationToken ct)
    {
        var outcome = await send.DoAsync(chatId, user.Id, await Body.ReadAsync(http), ct);
        if (outcome.Message is not { } message)
            return ApiResults.Of(outcome.Problem!);
        if (outcome.Reply is null)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        if (!SseStream.IsAccepted(http.Request))
            return ApiResults.Json(message.Signed(links), WireJson.Message);
        await (outcome.Reply is { } reply
            ? stream.CopyAsync(user, message, reply, http) : stream.CopyAsync(user, message, http));
        return Results.Empty;
    }
}
