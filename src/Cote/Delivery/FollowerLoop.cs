using System.Collections.Concurrent;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.Extensions.Hosting;

namespace Cote.Delivery;

/// <summary>
/// Sends the text of replies that are made here to the nodes that follow them. Each follower has a position, and is
/// sent what comes after it at the broker's pace: nothing is queued for a slow or absent broker, and what it drops is
/// asked for again.
/// </summary>
sealed class FollowerLoop(DeltaBus bus, StreamingReplies streaming, Clock clock) : BackgroundService
{
    readonly record struct Key(string Node, string UserId, string ReplyId);

    sealed class Follower(StreamingReply reply)
    {
        public StreamingReply Reply => reply;
        public ReplyPosition Position;
        public long AskedAt;
    }

    readonly ConcurrentDictionary<Key, Follower> _followers = [];
    readonly Wakeup _wakeup = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bus.Received += OnReceived;
        try
        {
            while (true)
            {
                var frames = new List<Frame>();
                foreach (var (key, follower) in _followers)
                {
                    frames.Clear();
                    Advance(key, follower, frames);
                    foreach (var frame in frames)
                        await bus.SendAsync(key.Node, FollowProtocol.Text(key.UserId, frame), stoppingToken);
                }
                await _wakeup.WaitAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
        finally
        {
            bus.Received -= OnReceived;
        }
    }

    void Advance(Key key, Follower follower, List<Frame> frames)
    {
        lock (follower)
            if (!follower.Reply.IsOver && clock.Since(follower.AskedAt) <= FollowProtocol.Duration)
            {
                follower.Reply.Advance(ref follower.Position, frames, PartsView.All);
                return;
            }
        if (_followers.TryRemove(new(key, follower)))
            follower.Reply.Changed -= _wakeup.Set;
    }

    void OnReceived(string fromNode, BusMessage message)
    {
        if (FollowProtocol.ReadFollow(message) is not { } position
            || streaming.Find(message.UserId, message.Id) is not { Home: null } reply)
            return;
        var follower = _followers.AddOrUpdate(
            new(fromNode, message.UserId, message.Id), _ => Begin(reply),
            (_, known) => known.Reply == reply ? known : Begin(reply));
        lock (follower)
            (follower.Position, follower.AskedAt) = (position, clock.Ticks);
        _wakeup.Set();
    }

    Follower Begin(StreamingReply reply)
    {
        reply.Changed += _wakeup.Set;
        return new(reply) { AskedAt = clock.Ticks };
    }
}
