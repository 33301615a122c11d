using Cote.Http;
using Cote.Media;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Messages;

/// <summary><c>GET /chats/{chat_id}/messages/{message_id}</c>: also one that is not listed yet.</summary>
static class GetMessage
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, CurrentUser user, MessageStore messages, MediaLinks links, CancellationToken ct) =>
        Ids.Parse(chatId) is { } chat && Ids.Parse(messageId) is { } id
        && await messages.FindAsync(user.Id, chat, id, ct) is { } message
            ? Answer.Json(message.Signed(links), Wire.Message)
            : Answer.Of(Problems.MessageNotFound);
}
