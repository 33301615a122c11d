using Cote.Chats;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>DELETE /v1/responses/{response_id}</c>: the reply goes, and its question with it where that has no other reply.
/// </summary>
static class DeleteResponse
{
    public static async Task Handle(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store,
        RemoveMessage remove)
    {
        if (await ResponsePath.FindAsync(responseId, http, user, messages, store) is not { } turn)
            return;
        var reply = turn.Message;
        var gone = reply is { Siblings: null, ReplyToId: { } question } ? question : reply.Id;
        if (!await remove.DoAsync(user.Id, reply.ChatId, gone, http.RequestAborted))
        {
            await TurnChats.NoResponse(responseId, null).WriteAsync(http);
            return;
        }
        await ApiResults.Json(ApiResults.Write(json => DeletedObject.Write(json, responseId, "response")))
            .ExecuteAsync(http);
    }
}
