using Cote.Chats;
using Cote.Delivery;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary><c>PUT …/messages/{message_id}/read</c>, and the socket's <c>read</c>: the client has shown it.</summary>
static class MarkRead
{
    public static async Task<IResult> Handle(
        string chatId, string messageId, CurrentUser user, MessageStore messages, Hub hub, CancellationToken ct) =>
        Ids.Parse(chatId) is { } chat && Ids.Parse(messageId) is { } id && await DoAsync(messages, hub, user.Id, chat, id, ct)
            ? ApiResults.Success
            : ApiResults.Of(Problems.MessageNotFound);

    /// <summary>False where there is no such message. On a user's own message it changes nothing.</summary>
    public static async Task<bool> DoAsync(
        MessageStore messages, Hub hub, string userId, string? chatId, string id, CancellationToken ct)
    {
        if (await messages.FindAsync(userId, chatId, id, ct) is not { } message)
            return false;
        if (message.Sender == Senders.Ai && message.Status != Statuses.Read)
            await messages.MarkAsync(userId, [id], Statuses.Read, isShown: hub.HasText(userId, id));
        return true;
    }
}
