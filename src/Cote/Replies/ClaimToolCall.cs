using Cote.Chats;
using Cote.Http;
using Cote.Tools;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>The body of <c>POST …/tool_calls/{call_id}/claim</c>.</summary>
sealed record ClaimBody(string ClientId);

/// <summary>
/// <c>POST …/tool_calls/{call_id}/claim</c>: another installation than the one that sent the tool is going to execute
/// it.
/// </summary>
static class ClaimToolCall
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, string callId, HttpContext http, CurrentUser user, MessageStore messages,
        ToolAnswerStore answers, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var clientId = request.Text("client_id", 1, ClientTools.LongestClientId);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await messages.FindAsync(user.Id, chat, id, ct) is null)
            return ApiResults.Of(Problems.MessageNotFound);
        if (await answers.FindAsync(user.Id, id, callId, clientId, ct) is not { } call)
            return ApiResults.Of(Problems.ToolCallNotFound);
        if (call.Part.Source != ToolSources.Client)
        {
            request.AddError("client_id", "only a client's tool is claimed; this one is the server's");
            return ApiResults.Of(request.Problem!);
        }
        if (call.Answer is not null)
            return ApiResults.Of(Problems.AlreadyAnswered);
        if (!call.Waits)
            return ApiResults.Of(Problems.ReplyEnded);
        return await answers.ClaimAsync(user.Id, id, callId, clientId)
            ? ApiResults.Success : ApiResults.Of(Problems.Claimed);
    }
}
