using Cote.Chats;
using Cote.Delivery;
using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>
/// <c>POST /chats/{chat_id}/stop</c>: ends the running reply and every queued one sent before the call. It writes a
/// wish on their rows and waits for whoever makes them to obey; where nobody does, it takes the fence and ends them.
/// </summary>
static class Stop
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2.9);

    public static async Task<IResult> Handle(
        string chatId, CurrentUser user, ChatStore chats, MessageStore messages, ReplyStore replies, ReplyQueue queue,
        Subscriptions subscriptions, CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat || !await chats.ExistsAsync(user.Id, chat, ct))
            return ApiResults.Of(Problems.ChatNotFound);

        var began = subscriptions.Clock.Ticks;
        await using var subscription = await Subscription.OpenAsync(subscriptions, user.Id, (Cursor?)null, ct);
        var mine = await replies.RequestStopAsync(user.Id, chat);
        var open = (await replies.ListOpenAsync(user.Id, chat, ct)).Where(x => x.StopWanted).ToList();
        foreach (var reply in open)
            queue.Stop(user.Id, reply.Id);
        foreach (var waiting in open.Where(x => x.State == States.Queued))
            await replies.EndQueuedAsync(waiting);
        // Waited for is each of them: one that waited may have been claimed in between, and then its maker ends it.
        var left = await WaitAsync(subscription, [.. open.Select(x => x.Id)], Patience);
        foreach (var id in left)
            if (await replies.TakeOverAsync(user.Id, id) is { } seized)
            {
                // What was shown here may be ahead of what was kept: all of it stays.
                var (attempt, content) = subscription.LiveTextOf(id) is var (shownBy, shown)
                    && (shownBy > seized.TextAttempt || (shownBy == seized.TextAttempt && shown.Length > seized.Content.Length)) && shown.Length > 0
                    ? (shownBy, shown) : (seized.TextAttempt, seized.Content);
                await replies.EndAsync(seized, new(States.Stopped, content, attempt), seized.QuestionStatus);
            }
        await WaitAsync(subscription, left, Deadline - subscriptions.Clock.Since(began));

        var stopped = 0;
        foreach (var id in mine)
            if (await messages.FindAsync(user.Id, chat, id, ct) is { Generation.State: States.Stopped })
                stopped++;
        return ApiResults.Json(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("success"u8, true);
            json.WriteNumber("stopped"u8, stopped);
            json.WriteEndObject();
        }));

        // Waits for the ends of replies to come by in the log; those that have not come in time.
        async Task<HashSet<string>> WaitAsync(Subscription subscription, HashSet<string> ids, TimeSpan patience)
        {
            using var limit = new CancellationTokenSource(
                patience > TimeSpan.Zero ? patience : TimeSpan.Zero, subscriptions.Clock.Provider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            try
            {
                while (ids.Count > 0 && subscription.Closed is null)
                    foreach (var frame in await subscription.NextAsync(either.Token))
                        if (frame.Cursor is not null && frame.MessageId is { } id)
                            ids.Remove(id);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                // not in time: the caller decides
            }
            return ids;
        }
    }
}
