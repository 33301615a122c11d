using Cote.Chats;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary><c>POST /v1/responses/{response_id}/cancel</c>: stops the reply; one that has ended stays as it is.
/// </summary>
static class CancelResponse
{
    public static async Task Handle(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store,
        StopReplies stop, ResponseFollower responses)
    {
        if (await ResponsePath.FindAsync(responseId, http, user, messages, store) is not { } turn)
            return;
        await stop.DoAsync(
            user.Id, turn.Message.ChatId, null, http.RequestAborted, only: turn.Message.Id);
        await responses.AnswerAsync(http, user, turn, waits: false);
    }
}
