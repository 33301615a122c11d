using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>POST /v1/chat/completions</c>: with a handle a turn in a chat, without one the gateway to the models.
/// </summary>
static class CreateChatCompletion
{
    public static async Task Handle(HttpContext http, CurrentUser user, OpenAITurn turn)
    {
        var reader = await Body.ReadAsync(http);
        if (reader.Problem is { } problem)
            await OpenAIError.Of(problem).WriteAsync(http);
        else if (TurnHandle.Of(reader.Json, http.Request.Headers) is { } handle)
            await turn.CompleteAsync(http, user, reader.Json, handle);
        else
            await OpenAIError.Unsupported("messages", "The gateway is not there yet.").WriteAsync(http);
    }
}

/// <summary>
/// <c>POST /v1/responses</c>: a turn, but for <c>store: false</c> without a handle, which is the gateway's.
/// </summary>
static class CreateResponse
{
    public static async Task Handle(HttpContext http, CurrentUser user, OpenAITurn turn)
    {
        var reader = await Body.ReadAsync(http);
        if (reader.Problem is { } problem)
            await OpenAIError.Of(problem).WriteAsync(http);
        else if (TurnHandle.Of(reader.Json, http.Request.Headers) is var handle
            && (handle is not null || IsStored(reader.Json)))
            await turn.RespondAsync(http, user, reader.Json, handle);
        else
            await OpenAIError.Unsupported("store", "The gateway is not there yet.").WriteAsync(http);
    }

    static bool IsStored(System.Text.Json.JsonElement body) =>
        !body.TryGetProperty("store", out var store) || store.ValueKind != System.Text.Json.JsonValueKind.False;
}
