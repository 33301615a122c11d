using System.Text.Json;
using Cote.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>POST /v1/chat/completions</c>: with a handle a turn in a chat, without one the gateway to the models.
/// </summary>
static class CreateChatCompletion
{
    public static async Task Handle(
        HttpContext http, CurrentUser user, OpenAITurn turn, Gateway gateway, HttpOptions options)
    {
        var reader = await ModelBody.ReadAsync(http, options);
        if (reader.Problem is { } problem)
            await OpenAIError.Of(problem).WriteAsync(http);
        else if (TurnHandle.Of(reader.Json, http.Request.Headers) is { } handle)
            await turn.CompleteAsync(http, user, reader.Json, handle);
        else
            await gateway.AnswerAsync(http, user, GatewayRoute.Chat, reader.Json);
    }
}

/// <summary>
/// <c>POST /v1/responses</c>: a turn, but for <c>store: false</c> without a handle, which is the gateway's.
/// </summary>
static class CreateResponse
{
    public static async Task Handle(
        HttpContext http, CurrentUser user, OpenAITurn turn, Gateway gateway, HttpOptions options)
    {
        var reader = await ModelBody.ReadAsync(http, options);
        if (reader.Problem is { } problem)
            await OpenAIError.Of(problem).WriteAsync(http);
        else if (TurnHandle.Of(reader.Json, http.Request.Headers) is var handle
            && (handle is not null || reader.Json.Member("store") is not { ValueKind: JsonValueKind.False }))
            await turn.RespondAsync(http, user, reader.Json, handle);
        else
            await gateway.AnswerAsync(http, user, GatewayRoute.Responses, reader.Json);
    }
}

/// <summary><c>POST /v1/embeddings</c>: always the gateway's.</summary>
static class CreateEmbedding
{
    public static async Task Handle(HttpContext http, CurrentUser user, Gateway gateway, HttpOptions options)
    {
        var reader = await ModelBody.ReadAsync(http, options);
        if (reader.Problem is { } problem)
            await OpenAIError.Of(problem).WriteAsync(http);
        else
            await gateway.AnswerAsync(http, user, GatewayRoute.Embeddings, reader.Json);
    }
}

/// <summary>The body of a request for a model.</summary>
static class ModelBody
{
    /// <summary>Reads it. The whole conversation is in it, with its pictures: it may be longer than others.</summary>
    public static Task<RequestReader> ReadAsync(HttpContext http, HttpOptions options)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = options.MaxHistoryBytes;
        return Body.ReadAsync(http);
    }
}
