using Cote.Chats;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>Ends replies that have waited for a person or a client too long.</summary>
sealed class WaitingReplyLoop(
    ToolAnswerStore answers, ReplyStore replies, StopReplies stop, ReplyScheduler scheduler, Clock clock,
    ILogger<WaitingReplyLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(30), clock, log)
{
    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        foreach (var (userId, chatId, replyId, isExpired) in await answers.ListLapsedAsync(ct))
        {
            ct.ThrowIfCancellationRequested();
            var waiting = (await replies.ListPendingAsync(userId, chatId, ct)).Where(x => x.Id == replyId).ToList();
            var ended = await answers.EndAsync(userId, chatId, replyId, isExpired);
            stop.Announce(waiting, ended, ToolAnswerStore.StateOf(isExpired));
            scheduler.Wake(userId, chatId); // What was sent before it began to wait comes next.
        }
    }
}
