using Cote.Notices;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Delivery;

/// <summary>
/// Twice a second: withdraws the pushes of what this node is known to have shown, and asks sockets that were written to
/// for a sign of life. The node that sends need not ask: a row that is gone is not sent.
/// </summary>
sealed class ShownLoop(
    PushOutbox outbox, Hub hub, SeenCursors cursors, Clock clock, ILogger<ShownLoop> log)
    : PeriodicLoop(TimeSpan.FromMilliseconds(500), clock, log)
{
    const int MostRows = 2_000;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (outbox.IsBusy)
            await LookAsync(ct);
        cursors.Sweep();
    }

    async Task LookAsync(CancellationToken ct)
    {
        var shown = new List<UnshownReply>();
        foreach (var reply in await outbox.ListWaitingAsync(MostRows, ct))
            if (IsShown(reply))
                shown.Add(reply);
        if (shown.Count > 0)
            await outbox.WithdrawAsync(shown);
    }

    bool IsShown(UnshownReply reply)
    {
        if (cursors.HasSeen(reply.UserId, reply.Seq))
            return true;
        foreach (var subscription in hub.Find(reply.UserId)?.Subscriptions ?? [])
            if (subscription.Attention is { } attention && subscription.Closed is null)
            {
                if (attention.HasShown(reply.Seq))
                    return true;
                attention.Probe(reply.Seq);
            }
        return false;
    }
}
