using Cote.Chats;
using Cote.Events;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Replies;

/// <summary>What <c>stop</c> answers. <paramref name="Stopped"/> counts the replies that this call has ended.</summary>
sealed record StopResult(bool Success, int Stopped);

/// <summary>
/// Stops the running reply of a chat and every queued one that was sent before the call. It writes a request on their
/// rows and waits for their runs; where a run does not end, it takes the fence and ends the reply.
/// </summary>
sealed class StopReplies(
    ReplyStore replies, ReplyLeases leases, MessageStore messages, RunningReplies running, StreamingReplies streaming,
    EventLog log,
    TurnEvents turns, Clock clock)
{
    static readonly TimeSpan TakeOverAfter = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2.9);
    static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary><c>POST /chats/{chat_id}/stop</c>.</summary>
    public static async Task<IResult> Handle(string chatId, CurrentUser user, ChatStore chats, StopReplies stop,
        CancellationToken ct)
    {
        if (Ids.Parse(chatId) is not { } chat || !await chats.ExistsAsync(user.Id, chat, ct))
            return ApiResults.Of(Problems.ChatNotFound);
        return ApiResults.Json(new StopResult(true, await stop.DoAsync(user.Id, chat, null, ct)),
            RepliesJson.Default.StopResult);
    }

    /// <summary>Returns how many replies this call has stopped, at most three seconds later.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="except">A reply that goes on: the one that the caller makes room for.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <param name="only">The one reply that is stopped; null for all.</param>
    /// <param name="also">Adds to the request's batch, and is given the condition that there is one to stop.</param>
    public async Task<int> DoAsync(
        string userId, string chatId, string? except, CancellationToken ct, string? only = null,
        Action<WriteBatch, Sql>? also = null)
    {
        var began = clock.Ticks;
        var requested = await replies.RequestStopAsync(userId, chatId, except ?? "", only, also);
        var pending = (await replies.ListPendingAsync(userId, chatId, ct)).Where(x => x.IsStopRequested).ToList();
        await EndQueuedAsync(userId, chatId, [.. pending.Where(x => x.State != States.Running)]);
        // A queued reply that was claimed in between finds the request in its row.
        foreach (var reply in pending.Where(x => x.State == States.Running))
            running.Stop(userId, reply.Id);
        var left = await WaitAsync(userId, [.. pending.Select(x => x.Id)], TakeOverAfter, ct);
        foreach (var id in left)
            await EndHereAsync(userId, id);
        await WaitAsync(userId, left, Deadline - clock.Since(began), ct);
        return requested.Count == 0 ? 0 : await messages.CountStoppedAsync(userId, requested, ct);
    }

    /// <summary>
    /// Announces those of these replies that a transaction has ended without their runs, and ends what makes them.
    /// </summary>
    /// <param name="pending">The replies, as they were before it.</param>
    /// <param name="ended">What this very transaction has ended: another one may have ended the rest, and told of it.
    /// </param>
    /// <param name="state">What they have ended as.</param>
    public void Announce(
        IReadOnlyList<PendingReplyRow> pending, IReadOnlyList<string> ended, string state = States.Stopped)
    {
        foreach (var reply in pending.Where(x => ended.Contains(x.Id)))
        {
            running.Stop(reply.UserId, reply.Id);
            turns.OnReplyEnded(reply, new(state, reply.Text));
            ReplyMetrics.OnEnded(state, null);
        }
    }

    async Task EndQueuedAsync(string userId, string chatId, IReadOnlyList<PendingReplyRow> queued)
    {
        if (queued.Count > 0)
            Announce(queued, await replies.EndQueuedAsync(userId, chatId, queued.Count));
    }

    async Task EndHereAsync(string userId, string id)
    {
        if (await leases.TakeOverAsync(userId, id) is not { } reply)
            return;
        // What was shown here may be ahead of what was written: all of it stays.
        var text = reply.Text.NewerOf(streaming.VisibleTextOf(userId, id));
        await replies.EndAsync(reply, new(States.Stopped, text)
        {
            OpenCalls = reply.KeptParts > 0 ? CallEnds.Stopped : null,
        }, reply.QuestionStatus, reply.Text.Saved);
    }

    // Waits until none of these replies is pending; returns those that still are when the time is over.
    async Task<IReadOnlyList<string>> WaitAsync(
        string userId, IReadOnlyList<string> ids, TimeSpan time, CancellationToken ct)
    {
        var began = clock.Ticks;
        var advanced = new Wakeup();
        void OnAdvanced(string advancedUserId)
        {
            if (advancedUserId == userId)
                advanced.Set();
        }
        log.Advanced += OnAdvanced;
        try
        {
            while (ids.Count > 0 && (ids = await replies.ListStillPendingAsync(userId, ids, ct)).Count > 0)
            {
                var rest = time - clock.Since(began);
                if (rest <= TimeSpan.Zero)
                    break;
                // A notification of another node may be lost: the rows are asked again all the same.
                await advanced.WaitAsync(rest < LookEvery ? rest : LookEvery, clock.Provider, ct);
            }
            return ids;
        }
        finally
        {
            log.Advanced -= OnAdvanced;
        }
    }
}
