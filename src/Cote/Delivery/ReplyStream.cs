using Cote.Chats;
using Cote.Events;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>Shows one reply over HTTP, from where it is to its end.</summary>
sealed class ReplyStream(Subscriptions subscriptions, MessageStore messages, EventRenderer renderer)
{
    /// <summary><c>GET /chats/{chat_id}/messages/{message_id}/stream</c>.</summary>
    public static async Task<IResult> Handle(
        string chatId, string messageId, HttpContext http, CurrentUser user, MessageStore messages, ReplyStream stream,
        CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await messages.FindAsync(user.Id, chat, id, ct) is not { } message)
            return ApiResults.Of(Problems.MessageNotFound);
        await stream.CopyAsync(user, message, http);
        return Results.Empty;
    }

    /// <summary>Of a question: the question, then its reply. Of a reply: the reply alone.</summary>
    public async Task CopyAsync(CurrentUser user, Message message, HttpContext http)
    {
        var ct = http.RequestAborted;
        var first = new List<Frame>();
        if (message.Sender == Senders.User)
            first.Add(renderer.Render(message));
        var replyId = message.ReplyId ?? message.Id;
        // The subscription begins at the head before the row is read: an end that the row does not show yet comes after
        // it.
        var filter = new ReplyFilter(
            message.ChatId, message.Sender == Senders.User ? message.Id : message.ReplyToId!, replyId);
        await using var subscription = await subscriptions.OpenAsync(user, filter, null, ct);
        var reply = await messages.FindAsync(user.Id, null, replyId, ct);
        if (reply is { Generation: { } generation } && (first.Count > 0 || !reply.HasEnded))
            first.Add(subscription.Begin(new(reply.ChatId, reply.Id, reply.ReplyToId!, reply.Seq, generation.Model!,
                0, generation.Attempt!.Value, reply.Content, new(reply.ParentId, reply.OnPath, reply.Siblings))));
        if (reply is null || reply.HasEnded)
        {
            if (reply is not null)
                first.Add(renderer.Render(reply));
            subscription.Complete();
        }
        await SseStream.CopyAsync(subscription, http, first);
    }

    /// <summary>
    /// Of a question that was stored just now: everything of its reply comes after the question's own event.
    /// </summary>
    public async Task CopyAsync(CurrentUser user, Message question, PendingReply reply, HttpContext http)
    {
        var filter = new ReplyFilter(question.ChatId, question.Id, reply.MessageId);
        await using var subscription =
            await subscriptions.OpenAsync(user, filter, question.EventSeq, http.RequestAborted);
        await SseStream.CopyAsync(subscription, http, [renderer.Render(question), subscription.Begin(reply)]);
    }

    /// <summary>Of a new version that was stored just now: everything of it comes after its own event.</summary>
    public async Task CopyAsync(CurrentUser user, PendingReply reply, HttpContext http)
    {
        var filter = new ReplyFilter(reply.ChatId, reply.ReplyToId, reply.MessageId);
        await using var subscription =
            await subscriptions.OpenAsync(user, filter, reply.BegunSeq, http.RequestAborted);
        await SseStream.CopyAsync(subscription, http, [subscription.Begin(reply)]);
    }
}
