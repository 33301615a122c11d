using System.Collections.Concurrent;
using Cote.Cluster;
using Cote.Data;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Delivery;

/// <summary>
/// What other nodes commit, for the readers of this one. A word of theirs wakes a user's feed and looks for replies that
/// are made elsewhere; their text comes from the checkpoints in their rows, and between these over <see cref="DeltaBus"/>.
/// A sweep finds what was not heard: every few seconds, and twice a second while nothing can be heard.
/// </summary>
sealed class RemoteReplies(
    Hub hub, EventLog log, ReplyStore replies, NodeNotifier notifier, DeltaBus bus, Node node, DatabaseEngine engine, Clock clock,
    ILogger<RemoteReplies> logger) : BackgroundService
{
    const int MostInQuery = 1_000;
    static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(5);
    static readonly TimeSpan SweepWhileDeaf = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    // One look at a user's open replies at a time, and one more where something was said meanwhile.
    readonly ConcurrentDictionary<string, bool> _looking = [];
    volatile bool _everything;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (engine.IsSingleProcess)
            return;
        notifier.Received += Hear;
        bus.DeltaReceived += Take;
        using var timer = new PeriodicTimer(SweepWhileDeaf, clock.Provider);
        bus.Reconnected += AskForAll;
        var (swept, asked) = (clock.Ticks, clock.Ticks);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (clock.Since(asked) >= AskEvery)
                {
                    asked = clock.Ticks;
                    AskForAll();
                }
                if (clock.Since(swept) < SweepEvery && notifier.IsConnected && !_everything)
                    continue;
                (swept, _everything) = (clock.Ticks, false);
                await SweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    void Hear(Notification notification)
    {
        if (notification.Kind == NotificationKind.Everything)
        {
            _everything = true; // the sweep asks for a thousand users at once, and looks only where there is something
        }
        else if (notification.Kind is NotificationKind.Committed or NotificationKind.ReplyChanged && hub.Find(notification.UserId) is { } channel)
        {
            Wake(channel, notification.Kind == NotificationKind.Committed);
        }
    }

    void Wake(UserChannel channel, bool committed)
    {
        if (committed)
            channel.Wake();
        // What comes over the bus is newer than any checkpoint.
        else if (channel.Live.Any(x => x.Home is not null) && channel.Live.All(x => x.Home is null || x.WasFedWithin(Fresh)))
            return;
        if (channel.Subscriptions.Length > 0)
            _ = LookAsync(channel.UserId);
    }

    async Task LookAsync(string userId)
    {
        while (!_looking.TryAdd(userId, false))
            if (_looking.TryUpdate(userId, true, false) || (_looking.TryGetValue(userId, out var again) && again))
                return;
        try
        {
            do
            {
                _looking[userId] = false;
                await FollowAsync(userId);
            }
            while (!_looking.TryRemove(new KeyValuePair<string, bool>(userId, false)));
        }
#pragma warning disable CA1031 // nobody waits for it: whatever it was, the next sweep looks again
        catch (Exception error)
#pragma warning restore CA1031
        {
            _looking.TryRemove(userId, out _);
            if (error is not ProblemException)
                logger.LogError(error, "Replies of other nodes could not be followed");
        }
    }

    async Task FollowAsync(string userId)
    {
        var open = (await replies.ListOpenAsync(userId, null, CancellationToken.None)).Select(x => x.ToOpenReply()).ToList();
        foreach (var reply in open.Where(x => x.Home is not null && x.Home != node.Id))
        {
            var before = hub.Find(userId)?.Find(reply.MessageId)?.Home;
            if (hub.FollowRemote(userId, reply) is not { } streaming)
                continue;
            streaming.Replace(reply.Attempt, reply.Content);
            if (before != reply.Home || !streaming.WasFedWithin(Fresh)) // what was asked before the run began there was not heard
                Ask(userId, streaming);
        }
        foreach (var over in hub.Find(userId)?.Live.Where(x => x.Home is not null && open.All(y => y.MessageId != x.MessageId)) ?? [])
            hub.End(userId, over);
    }

    void AskForAll()
    {
        foreach (var channel in hub.All)
            foreach (var reply in channel.Live.Where(x => x.Home is not null))
                Ask(channel.UserId, reply);
    }

    void Ask(string userId, StreamingReply reply)
    {
        var (attempt, content) = reply.Read();
        bus.Follow(reply.Home!, userId, reply.MessageId, attempt, content.Length);
    }

    // What the home of a reply tells: the text from where this node is.
    void Take(string userId, ReplyDelta told)
    {
        if (hub.Find(userId)?.Find(told.ReplyId) is not { Home: not null } reply)
            return;
        if (told.Offset is not { } offset)
            reply.Replace(told.Attempt, told.Text);
        else if (!reply.Splice(told.Attempt, offset, told.Text))
            Ask(userId, reply); // something was dropped on the way
        reply.WasFed();
    }

    async Task SweepAsync(CancellationToken ct)
    {
        try
        {
            foreach (var users in hub.All.Where(x => x.Subscriptions.Length > 0).Select(x => x.UserId).Chunk(MostInQuery))
            {
                foreach (var (userId, seq) in await log.HeadsAsync(users, ct))
                    hub.Find(userId)?.WakeUpTo(seq);
                foreach (var userId in (await replies.ListUsersWithRepliesElsewhereAsync(users, ct))
                    .Union(users.Where(x => hub.Find(x)?.Live.Any(y => y.Home is not null) == true)))
                    await LookAsync(userId);
            }
        }
        catch (ProblemException error)
        {
            logger.LogDebug("The sweep for what other nodes did could not be made: {Code}", error.Problem.Code);
        }
    }
}
