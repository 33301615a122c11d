using System.Collections.Concurrent;
using Cote.Chats;
using Cote.Events;
using Cote.Replies;
using Cote.Users;

namespace Cote.Delivery;

/// <summary>
/// The subscriptions of this node, by user: the one registry of who is shown what. It wakes them when their user's log
/// or replies move, and closes them when their session ends or the server stops.
/// </summary>
sealed class Hub
{
    readonly Lock _gate = new();
    readonly ConcurrentDictionary<string, UserChannel> _channels = [];
    readonly StreamingReplies _streaming;
    readonly EventRenderer _renderer;
    readonly MessageStore _messages;
    readonly RealtimeOptions _options;
    readonly Clock _clock;
    bool _isClosing;

    public Hub(EventLog log, StreamingReplies streaming, Revocations revocations, EventRenderer renderer,
        MessageStore messages, RealtimeOptions options, Clock clock)
    {
        (_streaming, _renderer, _messages, _options, _clock) = (streaming, renderer, messages, options, clock);
        log.Committing += transaction => Find(transaction.UserId)?.ReadWith(transaction);
        log.Advanced += userId => Find(userId)?.Advance();
        log.EpochChanged += DisconnectAll;
        streaming.Changed += (userId, reply) => Find(userId)?.Wake(reply);
        revocations.Revoked += CloseSession;
    }

    public IEnumerable<UserChannel> Channels => _channels.Select(x => x.Value);

    public UserChannel? Find(string userId) => _channels.GetValueOrDefault(userId);

    /// <summary>
    /// Adds a subscription to its user's channel. Beyond the limit of its kind the oldest one is closed.
    /// </summary>
    public UserChannel Join(Subscription subscription)
    {
        lock (_gate)
        {
            var channel = ChannelOf(subscription.UserId);
            channel.Add(subscription);
            if (_isClosing)
                subscription.Close(CloseReason.ShuttingDown);
            var most = subscription.Kind switch
            {
                SubscriptionKind.Connection => _options.ConnectionsPerUser,
                SubscriptionKind.Request => _options.StreamsPerUser,
                _ => int.MaxValue,
            };
            var open = channel.Subscriptions.Where(x => x.Kind == subscription.Kind && x.Closed is null).ToList();
            foreach (var oldest in open.Take(open.Count - most))
                oldest.Close(CloseReason.TooManyConnections);
            return channel;
        }
    }

    public void Leave(UserChannel channel, Subscription subscription)
    {
        lock (_gate)
        {
            channel.Remove(subscription);
            RemoveUnused(channel);
        }
    }

    /// <summary>Keeps the channel of a user who is about to send and to be shown the reply.</summary>
    public ChannelHold Hold(string userId)
    {
        lock (_gate)
        {
            var channel = ChannelOf(userId);
            channel.Holds++;
            return new(this, channel);
        }
    }

    /// <summary>The channel is not kept any more by this hold.</summary>
    public void Release(UserChannel channel)
    {
        lock (_gate)
        {
            channel.Holds--;
            RemoveUnused(channel);
        }
    }

    /// <summary>
    /// Follows a reply of another node. Null where it is made here, or its user has no subscription here.
    /// </summary>
    public StreamingReply? FollowRemote(string userId, PendingReply reply)
    {
        lock (_gate) // So that the last subscription does not leave in between.
            return Find(userId) is null ? null : _streaming.Follow(userId, reply);
    }

    /// <summary>Shows a frame that is not stored to all connections of a user but one.</summary>
    public void Show(string userId, Frame frame, Subscription? except = null)
    {
        foreach (var subscription in Find(userId)?.Subscriptions ?? [])
            if (subscription != except && subscription.Kind == SubscriptionKind.Connection)
                subscription.Show(frame);
    }

    /// <summary>The server stops: every subscription, of whatever kind, is closed, and so is each that comes.</summary>
    public void CloseAll()
    {
        lock (_gate)
        {
            _isClosing = true;
            DisconnectAll();
        }
    }

    UserChannel ChannelOf(string userId) => _channels.GetOrAdd(
        userId,
        static (id, hub) => new UserChannel(id, hub._renderer, hub._messages, hub._streaming, hub._clock), this);

    void RemoveUnused(UserChannel channel)
    {
        if (channel.Subscriptions.Length > 0 || channel.Holds > 0)
            return;
        _channels.TryRemove(channel.UserId, out _);
        _streaming.StopFollowing(channel.UserId);
    }

    // A new epoch: what was read of the log does not count any more, and every client resumes.
    void DisconnectAll()
    {
        foreach (var channel in Channels)
        {
            channel.Forget();
            foreach (var subscription in channel.Subscriptions)
                subscription.Close(CloseReason.ShuttingDown);
        }
    }

    // Where the session's row is gone already, its user is unknown.
    void CloseSession(string userId, string sessionId)
    {
        var subscriptions = userId.Length == 0
            ? Channels.SelectMany(x => x.Subscriptions) : Find(userId)?.Subscriptions ?? [];
        foreach (var subscription in subscriptions)
            if (subscription.User.CredentialId == sessionId)
                subscription.Close(CloseReason.SessionRevoked);
    }
}
