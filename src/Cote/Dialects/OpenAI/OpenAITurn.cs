using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Requests that are turns in a chat.</summary>
#pragma warning disable CA1822 // It has nothing of its own as long as it refuses everything.
sealed class OpenAITurn
{
    /// <summary>Answers <c>POST /v1/chat/completions</c> with a handle.</summary>
    public Task CompleteAsync(HttpContext http, CurrentUser user, JsonElement body, TurnHandle handle) =>
        RefuseAsync(http, handle.Param);

    /// <summary>
    /// Answers <c>POST /v1/responses</c> with a handle, or without one where it is stored: then it makes a chat.
    /// </summary>
    public Task RespondAsync(HttpContext http, CurrentUser user, JsonElement body, TurnHandle? handle) =>
        RefuseAsync(http, handle?.Param ?? "store");

    static Task RefuseAsync(HttpContext http, string param) => OpenAIError.Unsupported(
        param, $"`{param}` asks for a turn in a chat, which this server does not make here.").WriteAsync(http);
}
