using System.Text.Json;
using Cote.Chats;
using Cote.Http;
using Cote.Media;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>The body of <c>POST …/tool_calls/{call_id}</c>: one of <c>approve</c>, <c>output</c> and <c>error</c>.
/// </summary>
sealed record ToolAnswerBody(
    bool? Approve = null, string? Reason = null, JsonElement? Output = null, string? Error = null,
    string? ClientId = null);

/// <summary>
/// <c>POST /chats/{chat_id}/messages/{message_id}/tool_calls/{call_id}</c>: the first answer to a call that waits.
/// Where it was the last one that the reply waited for, the reply goes on.
/// </summary>
static class AnswerToolCall
{
    public const int LongestText = 4_096;

    public static async Task<IResult> Handle(
        string chatId, string messageId, string callId, HttpContext http, CurrentUser user, MessageStore messages,
        ToolAnswers answers, MediaLinks links, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        if (!user.Allows(request.Has("approve") ? KeyScopes.Approve : KeyScopes.Write))
            return ApiResults.Of(Problems.InsufficientScope);
        var outcome = await answers.DoAsync(user.Id, chatId, messageId, callId, request, ct);
        if (outcome.Problem is { } problem)
            return ApiResults.Of(problem);
        if (outcome.IsRepeated)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        return Ids.Parse(messageId) is { } id && await messages.FindAsync(user.Id, null, id, ct) is { } reply
            ? ApiResults.Json(reply.Signed(links), WireJson.Message) : ApiResults.Of(Problems.MessageNotFound);
    }
}
