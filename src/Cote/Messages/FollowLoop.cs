using System.Collections.Concurrent;
using Cote.Data;
using Cote.Events;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Messages;

/// <summary>
/// What other nodes commit, for the readers of this one. A word of theirs wakes a user's feed and looks for replies that
/// are made elsewhere; their text comes from the checkpoints in their rows, and between these over <see cref="DeltaBus"/>.
/// A sweep finds what was not heard: every few seconds, and twice a second while nothing can be heard.
/// </summary>
sealed class RemoteReplies(
    Hub feeds, EventLog log, ReplyStore replies, NodeNotifier signal, DeltaBus bus, Node node, DatabaseEngine dialect, Clock clock,
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
        if (dialect.IsSingleProcess)
            return;
        signal.Received += Hear;
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
                if (clock.Since(swept) < SweepEvery && signal.IsConnected && !_everything)
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

    void Hear(Notification hint)
    {
        if (hint.Kind == NotificationKind.Everything)
        {
            _everything = true; // the sweep asks for a thousand users at once, and looks only where there is something
        }
        else if (hint.Kind is NotificationKind.Committed or NotificationKind.ReplyChanged && feeds.Find(hint.UserId) is { } feed)
        {
            Wake(feed, hint.Kind == NotificationKind.Committed);
        }
    }

    void Wake(UserChannel feed, bool committed)
    {
        if (committed)
            feed.Wake();
        // What comes over the bus is newer than any checkpoint.
        else if (feed.Live.Any(x => x.Home is not null) && feed.Live.All(x => x.Home is null || x.WasFedWithin(Fresh)))
            return;
        if (feed.Subscriptions.Length > 0)
            _ = LookAsync(feed.UserId);
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
            var before = feeds.Find(userId)?.Find(reply.MessageId)?.Home;
            if (feeds.FollowRemote(userId, reply) is not { } live)
                continue;
            live.Replace(reply.Attempt, reply.Content);
            if (before != reply.Home || !live.WasFedWithin(Fresh)) // what was asked before the run began there was not heard
                Ask(userId, live);
        }
        foreach (var over in feeds.Find(userId)?.Live.Where(x => x.Home is not null && open.All(y => y.MessageId != x.MessageId)) ?? [])
            feeds.End(userId, over);
    }

    void AskForAll()
    {
        foreach (var feed in feeds.All)
            foreach (var reply in feed.Live.Where(x => x.Home is not null))
                Ask(feed.UserId, reply);
    }

    void Ask(string userId, StreamingReply reply)
    {
        var (attempt, content) = reply.Read();
        bus.Follow(reply.Home!, userId, reply.MessageId, attempt, content.Length);
    }

    // What the home of a reply tells: the text from where this node is.
    void Take(string userId, ReplyDelta told)
    {
        if (feeds.Find(userId)?.Find(told.ReplyId) is not { Home: not null } reply)
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
            foreach (var users in feeds.All.Where(x => x.Subscriptions.Length > 0).Select(x => x.UserId).Chunk(MostInQuery))
            {
                foreach (var (userId, seq) in await log.HeadsAsync(users, ct))
                    feeds.Find(userId)?.WakeUpTo(seq);
                foreach (var userId in (await replies.ListUsersWithRepliesElsewhereAsync(users, ct))
                    .Union(users.Where(x => feeds.Find(x)?.Live.Any(y => y.Home is not null) == true)))
                    await LookAsync(userId);
            }
        }
        catch (ProblemException error)
        {
            logger.LogDebug("The sweep for what other nodes did could not be made: {Code}", error.Problem.Code);
        }
    }
}
