using Cote.Chats;
using Cote.Media;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>
/// <c>POST /chats/{chat_id}/messages/{message_id}/regenerate</c>: answers with the new reply; with
/// <c>Accept: text/event-stream</c> it goes on with its text.
/// </summary>
static class RegenerateEndpoint
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, HttpContext http, CurrentUser user, Regenerate regenerate, ReplyStream stream,
        MediaLinks links, CancellationToken ct)
    {
        var outcome = await regenerate.DoAsync(chatId, messageId, user.Id, await Body.ReadOptionalAsync(http), ct);
        if (outcome.Message is not { } message)
            return ApiResults.Of(outcome.Problem!);
        if (outcome.Reply is null)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        if (!SseStream.IsAccepted(http.Request))
            return ApiResults.Json(message.Signed(links), WireJson.Message);
        await (outcome.Reply is { } reply
            ? stream.CopyAsync(user, reply, http) : stream.CopyAsync(user, message, http));
        return Results.Empty;
    }
}
