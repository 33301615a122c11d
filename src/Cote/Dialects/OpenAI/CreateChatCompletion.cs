using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>POST /v1/chat/completions</c>: with a handle a turn in a chat, without one the gateway to the models.
/// </summary>
static class CreateChatCompletion
{
    public static async Task Handle(
        HttpContext http, CurrentUser user, OpenAITurn turn, Gateway gateway, HttpOptions options)
    {
        if (await OpenAIBody.ReadLongAsync(http, options) is not { } body)
            return;
        if (TurnHandle.Of(body, http.Request.Headers) is { } handle)
            await turn.CompleteAsync(http, user, body, handle);
        else
            await gateway.AnswerAsync(http, user, GatewayRoute.Chat, body);
    }
}
