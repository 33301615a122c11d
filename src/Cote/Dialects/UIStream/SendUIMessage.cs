using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Dialects.UIStream;

/// <summary>The body of <c>POST /api/chat</c>, as the client of the AI SDK sends it.</summary>
sealed record UIChatBody(
    string Id, IReadOnlyList<UIMessageBody> Messages, string Trigger = "submit-message",
    [property: JsonPropertyName("messageId")] string? MessageId = null,
    IReadOnlyList<Chats.ClientTool>? ClientTools = null, string? ClientId = null, bool Stop = false);

/// <summary>A message as that client holds it.</summary>
sealed record UIMessageBody(string Id, string Role, IReadOnlyList<JsonElement> Parts);

/// <summary>
/// <c>POST /api/chat</c>: a message, another reply, or answers to calls; the answer is the reply as a UI message
/// stream.
/// </summary>
static class SendUIMessage
{
    const int MaxDepth = 64; // What a tool has returned, within a part of a message of a list.

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, UIChat chat, UIReplyStream stream, HttpOptions options,
        CancellationToken ct)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = options.MaxHistoryBytes;
        var request = UIChatRequest.Read(await Body.ReadAsync(http, MaxDepth), user.Id);
        var turn = await chat.DoAsync(user, request, ct);
        if (turn.Problem is { } problem)
            return ApiResults.Of(problem);
        if (turn.IsRepeated)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        return await stream.AnswerAsync(user, turn.Message!, turn.Known, http);
    }
}
