using Cote.Media;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /chats/{chat_id}/messages/{message_id}/siblings</c>: its versions, itself and open ones included.
/// </summary>
static class ListSiblings
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
            || await messages.ListSiblingsAsync(user.Id, chat, id, view, ct) is not { Count: > 0 } siblings)
            return ApiResults.Of(Problems.MessageNotFound);
        foreach (var message in siblings)
            receipts.AddIfDue(user.Id, message);
        return ApiResults.Json(ApiResults.Write<IReadOnlyList<Message>>(
            [.. siblings.Select(x => x.In(view).Signed(links))], WireJson.MessageList));
    }
}
