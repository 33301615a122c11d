using Cote.Chats;
using Cote.Notices;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>
/// <c>PUT …/messages/{message_id}/read</c>, and the socket's <c>read</c>: the client has shown a reply.
/// </summary>
sealed class MarkRead(MessageStore messages, StreamingReplies streaming, PushOutbox pushes)
{
    public static async Task<IResult> Handle(string chatId, string messageId, CurrentUser user, MarkRead read,
        CancellationToken ct) =>
        Ids.Parse(chatId) is { } chat && Ids.Parse(messageId) is { } id && await read.DoAsync(user.Id, chat, id, ct)
            ? ApiResults.Success
            : ApiResults.Of(Problems.MessageNotFound);

    /// <summary>False where there is no such message. A user's own message is not changed.</summary>
    public async Task<bool> DoAsync(string userId, string? chatId, string id, CancellationToken ct)
    {
        if (await messages.FindAsync(userId, chatId, id, ct) is not { } message)
            return false;
        if (message.Sender == Senders.Ai && message.Status != Statuses.Read)
            await messages.MarkAsync(userId, [id], Statuses.Read, isShown: streaming.HasText(userId, id));
        else if (message.Sender == Senders.Ai) // Read while it went on, and now to its end.
            await pushes.WithdrawAsync(userId, id, ct);
        return true;
    }
}
