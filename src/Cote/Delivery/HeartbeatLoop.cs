using Cote.Events;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.Extensions.Logging;

namespace Cote.Delivery;

/// <summary>
/// Each second: pings idle connections, repeats the AI's typing, and closes subscriptions whose token has expired.
/// </summary>
sealed class HeartbeatLoop(Hub hub, StreamingReplies streaming, Clock clock, ILogger<HeartbeatLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(1), clock, log)
{
    protected override Task RunRoundAsync(CancellationToken ct)
    {
        var now = Clock.Now;
        foreach (var channel in hub.Channels)
        {
            foreach (var reply in streaming.Of(channel.UserId))
                if (reply.IsTypingDue())
                    hub.Show(channel.UserId, Frame.Typing(reply.ChatId, "ai", true));
            foreach (var subscription in channel.Subscriptions)
            {
                subscription.PingIfIdle();
                // Of whatever kind: a poll and the stream of a reply show as much as a socket does.
                if (subscription.User.Expires <= now)
                    subscription.Close(CloseReason.TokenExpired);
            }
        }
        return Task.CompletedTask;
    }
}
