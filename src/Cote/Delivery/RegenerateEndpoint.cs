using Cote.Chats;
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
        string? parts, CancellationToken ct)
    {
        var request = await Body.ReadOptionalAsync(http);
        var view = PartsQuery.Read(request, parts);
        var outcome = await regenerate.DoAsync(chatId, messageId, user.Id, request, ct);
        return await stream.AnswerAsync(user, outcome, view, http);
    }
}
