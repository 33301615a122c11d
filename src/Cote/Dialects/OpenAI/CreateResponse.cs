using System.Text.Json;
using Cote.Models;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>POST /v1/responses</c>: a turn, but for <c>store: false</c> without a handle, which is the gateway's.
/// </summary>
static class CreateResponse
{
    public static async Task Handle(
        HttpContext http, CurrentUser user, OpenAITurn turn, Gateway gateway, HttpOptions options)
    {
        if (await OpenAIBody.ReadLongAsync(http, options) is not { } body)
            return;
        var handle = TurnHandle.Of(body, http.Request.Headers);
        if (handle is not null || body.Member("store") is not { ValueKind: JsonValueKind.False })
            await turn.RespondAsync(http, user, body, handle);
        else
            await gateway.AnswerAsync(http, user, GatewayRoute.Responses, body);
    }
}
