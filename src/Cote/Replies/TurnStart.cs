using Cote.Chats;

namespace Cote.Replies;

/// <summary>
/// What stands around the transaction that stores a new reply: a slot for it, the end of the replies that it stops, and
/// its run.
/// </summary>
sealed class TurnStart(ReplyScheduler scheduler, ReplyStore replies, StopReplies stop)
{
    /// <summary>Runs the transaction; where it stored a claimed reply, that begins to run.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="replyId">The new reply.</param>
    /// <param name="stopsOpen">Whether the transaction stops the open replies of the chat.</param>
    /// <param name="stopsWaiting">Whether it ends one that waits.</param>
    /// <param name="store">The transaction; it is told whether it may claim the reply for this node.</param>
    /// <param name="ct">Cancels what comes before the transaction.</param>
    public async Task<SendResult> RunAsync(
        string userId, string chatId, string replyId, bool stopsOpen, bool stopsWaiting,
        Func<bool, Task<SendResult>> store, CancellationToken ct)
    {
        var open = stopsOpen ? await StopAsync(userId, chatId, replyId, ct)
            : stopsWaiting ? await ListWaitingAsync(userId, chatId, ct) : [];
        var hasSlot = scheduler.TryAcquireSlot(userId);
        var usesSlot = false;
        try
        {
            var result = await store(hasSlot);
            if (result is not { Outcome: Outcome.Committed, Happened: true, Reply: { } reply })
                return result;
            ReplyTrace.OnSent(userId, replyId);
            usesSlot = reply.State == States.Running;
            if (usesSlot)
                scheduler.Start(reply);
            else if (!hasSlot || open.Count > 0)
                // With a slot, another reply of the chat is pending: its end wakes this one. What has ended here wakes
                // nobody: the next one may have waited behind it.
                scheduler.Wake(userId, chatId);
            stop.Announce(open, result.Ended);
            return result;
        }
        finally
        {
            if (hasSlot && !usesSlot)
                scheduler.ReleaseSlot(userId);
        }
    }

    async Task<IReadOnlyList<PendingReplyRow>> ListWaitingAsync(string userId, string chatId, CancellationToken ct) =>
        [.. (await replies.ListPendingAsync(userId, chatId, ct)).Where(x => x.State == States.Waiting)];

    // Replies that run end by themselves first, with all the text that was shown; what is still open, or comes
    // meanwhile, is ended by the transaction.
    async Task<IReadOnlyList<PendingReplyRow>> StopAsync(
        string userId, string chatId, string replyId, CancellationToken ct)
    {
        await stop.DoAsync(userId, chatId, replyId, ct);
        return [.. (await replies.ListPendingAsync(userId, chatId, ct)).Where(x => x.Id != replyId)];
    }
}
