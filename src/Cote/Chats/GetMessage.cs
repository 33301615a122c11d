using Cote.Media;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /chats/{chat_id}/messages/{message_id}</c>: also one that is not listed yet.</summary>
static class GetMessage
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, CurrentUser user, MessageStore messages, MediaLinks links, Receipts receipts,
        string? parts, CancellationToken ct)
    {
        var request = new RequestReader();
        var view = PartsQuery.Read(request, parts);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await messages.FindAsync(user.Id, chat, id, ct, view) is not { } message)
            return ApiResults.Of(Problems.MessageNotFound);
        receipts.AddIfDue(user.Id, message);
        return ApiResults.Json(message.In(view).Signed(links), WireJson.Message);
    }
}
