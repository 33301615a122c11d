using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>Shows one reply over HTTP, from where it is to its end.</summary>
sealed class ReplyStream(
    Subscriptions subscriptions, MessageStore messages, EventRenderer renderer, MediaLinks links,
    Clock clock)
{
    /// <summary><c>GET /chats/{chat_id}/messages/{message_id}/stream</c>.</summary>
    public static async Task<IResult> Handle(
        string chatId, string messageId, HttpContext http, CurrentUser user, MessageStore messages, ReplyStream stream,
        string? parts, CancellationToken ct)
    {
        var request = new RequestReader();
        var view = PartsQuery.Read(request, parts);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id
            || await messages.FindAsync(user.Id, chat, id, ct) is not { } message)
            return ApiResults.Of(Problems.MessageNotFound);
        await stream.CopyAsync(user, message, view, http);
        return Results.Empty;
    }

    /// <summary>Of a question: the question, then its reply. Of a reply: the reply alone.</summary>
    async Task CopyAsync(CurrentUser user, Message message, PartsView view, HttpContext http)
    {
        var first = new List<Frame>();
        if (message.Sender == Senders.User)
            first.Add(renderer.Render(message).In(view));
        var (subscription, reply) = await OpenAsync(user, message, view, http.RequestAborted);
        await using var _ = subscription;
        if (reply is { Generation: { } generation } && (first.Count > 0 || !reply.HasEnded))
            first.Add(subscription.Begin(new(reply.ChatId, reply.Id, reply.ReplyToId!, reply.Seq, generation.Model!,
                0, generation.Attempt!.Value, reply.Content, reply.PartStates,
                new(reply.ParentId, reply.OnPath, reply.Siblings))));
        if (reply is null || reply.HasEnded)
        {
            if (reply is not null)
                first.Add(renderer.Render(reply).In(view));
            subscription.Complete();
        }
        await SseStream.CopyAsync(subscription, http, first);
    }

    // The subscription begins at the head before the row is read: an end that the row does not show yet comes after it.
    async Task<(Subscription Subscription, Message? Reply)> OpenAsync(
        CurrentUser user, Message message, PartsView view, CancellationToken ct)
    {
        var replyId = message.ReplyId ?? message.Id;
        var filter = new ReplyFilter(
            message.ChatId, message.Sender == Senders.User ? message.Id : message.ReplyToId ?? "", replyId);
        var subscription = await subscriptions.OpenAsync(user, filter, view, null, ct);
        try
        {
            return (subscription, await messages.FindAsync(user.Id, null, replyId, ct, PartsView.All));
        }
        catch
        {
            await subscription.DisposeAsync();
            throw;
        }
    }

    /// <summary>Follows the reply to a question, or a reply itself; null where it is not there any more.</summary>
    public async Task<ReplyFeed?> FollowAsync(CurrentUser user, Message message, CancellationToken ct)
    {
        var (subscription, reply) = await OpenAsync(user, message, PartsView.All, ct);
        if (reply is { Generation: { } generation })
        {
            if (!reply.HasEnded)
                subscription.Begin(new(reply.ChatId, reply.Id, reply.ReplyToId!, reply.Seq, generation.Model!,
                    0, generation.Attempt!.Value, reply.Content, reply.PartStates,
                    new(reply.ParentId, reply.OnPath, reply.Siblings)));
            return new(subscription, new(reply, clock), messages, user.Id);
        }
        await subscription.DisposeAsync();
        return null;
    }

    /// <summary>Keeps the channel of a user whose send is to be answered with a stream; null for others.</summary>
    public ChannelHold? Hold(CurrentUser user, HttpContext http) =>
        SseStream.IsAccepted(http.Request) ? subscriptions.Hub.Hold(user.Id) : null;

    /// <summary>
    /// Answers a send or a regenerate: with its message, or, where the request accepts events, with the stream of its
    /// reply.
    /// </summary>
    public async Task<IResult> AnswerAsync(
        CurrentUser user, SendOutcome outcome, PartsView view, HttpContext http, ChannelHold? hold = null)
    {
        if (outcome.Message is not { } message)
            return ApiResults.Of(outcome.Problem!);
        if (outcome.Reply is null)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        if (!SseStream.IsAccepted(http.Request))
            return ApiResults.Json(message.In(view).Signed(links), WireJson.Message);
        if (outcome.Reply is { } sent)
            hold?.OnSent(sent.BegunSeq);
        await (outcome.Reply is { } reply ? CopyAsync(user, message, reply, view, http)
            : CopyAsync(user, message, view, http));
        return Results.Empty;
    }

    // Of what was stored just now: everything of the reply comes after the event that announced it.
    async Task CopyAsync(CurrentUser user, Message message, PendingReply reply, PartsView view, HttpContext http)
    {
        var filter = new ReplyFilter(reply.ChatId, reply.ReplyToId, reply.MessageId);
        await using var subscription =
            await subscriptions.OpenAsync(user, filter, view, reply.BegunSeq, http.RequestAborted);
        var snapshot = subscription.Begin(reply);
        await SseStream.CopyAsync(
            subscription, http, message.Sender == Senders.User ? [renderer.Render(message), snapshot] : [snapshot]);
    }
}
