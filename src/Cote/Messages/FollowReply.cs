using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Messages;

/// <summary>Shows one reply over HTTP, from wherever it is to its end.</summary>
sealed class ReplyStream(Subscriptions house, MessageStore messages, EventRenderer frames)
{
    /// <summary><c>GET /chats/{chat_id}/messages/{message_id}/stream</c>.</summary>
    public static async Task<IResult> Handle(
        string chatId, string messageId, HttpContext http, CurrentUser user, MessageStore messages, ReplyStream follow, CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await messages.FindAsync(user.Id, chat, id, ct) is not { } message)
            return ApiResults.Of(Problems.MessageNotFound);
        await follow.CopyAsync(user, message, http);
        return Results.Empty;
    }

    /// <summary>Of a question: it, then its reply. Of a reply: the reply alone.</summary>
    public async Task CopyAsync(CurrentUser user, Message message, HttpContext http)
    {
        var ct = http.RequestAborted;
        var first = new List<Frame>();
        if (message.Sender == Senders.User)
            first.Add(frames.Write(message));
        var replyId = message.ReplyId ?? message.Id;
        // The reader stands at the head before the row is read: an end that the row does not show yet is after it.
        var only = new ReplyFilter(message.ChatId, message.Sender == Senders.User ? message.Id : message.ReplyToId!, replyId);
        await using var reader = await Subscription.OpenAsync(house, user.Id, only, ct);
        reader.BindSession(user.SessionId, user.Expires);
        var reply = await messages.FindAsync(user.Id, null, replyId, ct);
        if (reply is not null && (first.Count > 0 || !reply.HasEnded))
            first.Add(reader.Begin(new(reply.ChatId, reply.Id, reply.ReplyToId!, reply.Seq, reply.Generation!.Model,
                0, reply.Generation.Attempt, reply.Content)));
        if (reply is null || reply.HasEnded)
        {
            if (reply is not null)
                first.Add(frames.Write(reply));
            reader.Complete();
        }
        await SseStream.CopyAsync(reader, http, first);
    }

    /// <summary>Of a question that was sent just now: whatever comes of its reply comes after its own event.</summary>
    public async Task CopyAsync(CurrentUser user, Message question, PendingReply reply, HttpContext http)
    {
        var only = new ReplyFilter(question.ChatId, question.Id, reply.MessageId);
        await using var reader = await Subscription.OpenAsync(house, user.Id, only, http.RequestAborted, question.EventSeq);
        reader.BindSession(user.SessionId, user.Expires);
        await SseStream.CopyAsync(reader, http, [frames.Write(question), reader.Begin(reply)]);
    }
}
