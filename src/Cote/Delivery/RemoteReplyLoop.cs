using System.Collections.Concurrent;
using System.Text.Json;
using Cote.Cluster;
using Cote.Events;
using Cote.Replies;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Delivery;

/// <summary>
/// Follows the replies that other nodes make, for the subscriptions of this one. A notification leads to a look at the
/// user's pending replies; their text comes from the checkpoints in their rows, and between these over the
/// <see cref="DeltaBus"/>. A sweep finds what was missed: every few seconds, and twice a second while no notification
/// arrives.
/// </summary>
sealed class RemoteReplyLoop(
    Hub hub, StreamingReplies streaming, EventLog events, ReplyStore replies, ReplyLeases leases, NodeNotifier notifier,
    DeltaBus bus,
    Node node, DatabaseEngine engine, Clock clock, ILogger<RemoteReplyLoop> log) : BackgroundService
{
    const int UsersPerQuery = 1_000;
    static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(5);
    static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    // One look at a user's pending replies at a time, and one more where a notification came meanwhile.
    readonly ConcurrentDictionary<string, bool> _looks = [];
    readonly ConcurrentDictionary<Task, bool> _tasks = [];
    volatile bool _isSweepDue;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (engine.IsSingleProcess)
            return;
        notifier.Received += OnNotification;
        bus.Received += OnBusMessage;
        bus.Reconnected += FollowAll;
        using var timer = new PeriodicTimer(TickEvery, clock.Provider);
        var (sweptAt, followedAt) = (clock.Ticks, clock.Ticks);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (clock.Since(followedAt) >= FollowProtocol.RepeatEvery)
                {
                    followedAt = clock.Ticks;
                    FollowAll();
                }
                if (clock.Since(sweptAt) < SweepEvery && notifier.IsConnected && !_isSweepDue)
                    continue;
                (sweptAt, _isSweepDue) = (clock.Ticks, false);
                await SweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(_tasks.Keys);
        }
    }

    void OnNotification(Notification notification)
    {
        if (notification.Kind == NotificationKind.Everything)
            _isSweepDue = true; // The sweep asks for a thousand users at once.
        else if (notification.Kind is NotificationKind.Committed or NotificationKind.ReplyChanged
            && hub.Find(notification.UserId) is not null && !IsFedByBus(notification))
            Track(LookAsync(notification.UserId));
    }

    // What comes over the bus is newer than any checkpoint.
    bool IsFedByBus(Notification notification)
    {
        var remote = streaming.Of(notification.UserId).Where(x => x.Home is not null).ToList();
        return notification.Kind == NotificationKind.ReplyChanged
            && remote.Count > 0 && remote.All(x => x.WasUpdatedWithin(Fresh));
    }

    void Track(Task task)
    {
        _tasks[task] = true;
        task.ContinueWith(done => _tasks.TryRemove(done, out _), TaskScheduler.Default);
    }

    async Task LookAsync(string userId)
    {
        while (!_looks.TryAdd(userId, false))
            if (_looks.TryUpdate(userId, true, false) || (_looks.TryGetValue(userId, out var again) && again))
                return;
        try
        {
            do
            {
                _looks[userId] = false;
                await FollowPendingAsync(userId);
            }
            while (!_looks.TryRemove(new KeyValuePair<string, bool>(userId, false)));
        }
#pragma warning disable CA1031 // Top of the task: whatever failed, the next sweep looks again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _looks.TryRemove(userId, out _);
            if (error is not ProblemException)
                log.RemoteRepliesNotFollowed(error);
        }
    }

    async Task FollowPendingAsync(string userId)
    {
        var pending = (await replies.ListPendingAsync(userId, null, CancellationToken.None))
            .Select(x => x.ToPendingReply()).ToList();
        foreach (var reply in pending.Where(x => x.Home is not null && x.Home != node.Id))
        {
            var homeBefore = streaming.Find(userId, reply.MessageId)?.Home;
            if (hub.FollowRemote(userId, reply) is not { } remote)
                continue;
            remote.Replace(reply.Text);
            // What was asked before its run began there was not heard.
            if (homeBefore != reply.Home || !remote.WasUpdatedWithin(Fresh))
                Follow(remote);
        }
        foreach (var over in streaming.Of(userId)
            .Where(x => x.Home is not null && pending.All(y => y.MessageId != x.MessageId || y.IsWaiting)))
            streaming.End(over);
    }

    void FollowAll()
    {
        foreach (var remote in streaming.UsersWithRemote().SelectMany(streaming.Of).Where(x => x.Home is not null))
            Follow(remote);
    }

    void Follow(StreamingReply remote) => bus.Send(remote.Home!, FollowProtocol.Follow(remote));

    void OnBusMessage(string fromNode, BusMessage message)
    {
        try
        {
            if (FollowProtocol.ReadTyping(message) is { } typing)
                hub.Show(message.UserId, typing);
            else if (FollowProtocol.ReadText(message) is var (replyId, take)
                && streaming.Find(message.UserId, replyId) is { Home: not null } remote)
            {
                if (!take(remote))
                    Follow(remote); // A message before this one was dropped.
                remote.MarkUpdated();
            }
        }
        catch (Exception error) when (
            error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            log.BusMessageNotUnderstood(message.Type, fromNode);
        }
    }

    async Task SweepAsync(CancellationToken ct)
    {
        try
        {
            foreach (var users in hub.Channels.Select(x => x.UserId).Chunk(UsersPerQuery))
            {
                foreach (var (userId, seq) in await events.HeadsAsync(users, ct))
                    hub.Find(userId)?.AdvanceTo(seq);
                foreach (var userId in (await leases.ListUsersWithRemoteRepliesAsync(users, ct))
                    .Union(users.Intersect(streaming.UsersWithRemote())))
                    await LookAsync(userId);
            }
        }
        catch (ProblemException error)
        {
            log.SweepDelayed(error.Problem.Code);
        }
    }
}
