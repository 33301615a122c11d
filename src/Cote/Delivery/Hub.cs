using System.Collections.Concurrent;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>A piece of the log as frames; <paramref name="More"/> where it was cut for its size.</summary>
readonly record struct EventPage(IReadOnlyList<Frame> Frames, bool More);

/// <summary>Reads the log of a user after an event, each thing written as it is now.</summary>
delegate Task<EventPage> ReadLog(string userId, long after, CancellationToken ct);

/// <summary>The replies of a user that have not ended, whoever makes them.</summary>
delegate Task<IReadOnlyList<PendingReply>> ReadOpenReplies(string userId, CancellationToken ct);

/// <summary>Has this session been ended?</summary>
delegate bool IsRevoked(string sessionId);

/// <summary>All feeds of this node: one for each user who is connected here or has a reply being made here.</summary>
sealed class Hub(Clock clock, EventsOptions options)
{
    readonly ConcurrentDictionary<string, UserChannel> _feeds = [];
    long _showUntil = long.MaxValue;
    bool _closing;

    /// <summary>Replies whose end was shown, and that wait to be recorded as delivered.</summary>
    public ConcurrentDictionary<string, (string UserId, string ChatId)> Delivered { get; } = [];

    public IEnumerable<UserChannel> All => _feeds.Select(x => x.Value);

    /// <summary>
    /// Text that is made here is shown until then (by <see cref="Clock.Ticks"/>): a node whose leases may have lapsed
    /// shows nothing, since somebody else may be making the same replies. What was held back is shown once this is later.
    /// </summary>
    public void ShowUntil(long ticks)
    {
        var wasSilent = !MayShow();
        Volatile.Write(ref _showUntil, ticks);
        if (wasSilent)
            foreach (var channel in All)
                channel.WakeLive();
    }

    bool MayShow() => clock.Ticks < Volatile.Read(ref _showUntil);

    public UserChannel? Find(string userId) => _feeds.GetValueOrDefault(userId);

    /// <summary>Something of this user was committed.</summary>
    public void Wake(string userId)
    {
        if (_feeds.TryGetValue(userId, out var channel))
            channel.Wake();
    }

    /// <summary>Joins a reader to its user's feed.</summary>
    public UserChannel Join(string userId, Subscription subscription)
    {
        lock (_feeds)
        {
            var channel = _feeds.GetOrAdd(userId, static id => new UserChannel(id));
            channel.Add(subscription);
            if (_closing)
                subscription.Close(CloseReason.ShuttingDown);
            return channel;
        }
    }

    /// <summary>The server is going: every connection, of whatever kind, is told to come back, here or elsewhere.</summary>
    public void CloseAll()
    {
        lock (_feeds)
        {
            _closing = true;
            foreach (var subscription in All.SelectMany(x => x.Subscriptions))
                subscription.Close(CloseReason.ShuttingDown);
        }
    }

    /// <summary>A new epoch: every connection is told to come back, and nothing is remembered of the one before.</summary>
    public void DisconnectAll()
    {
        lock (_feeds)
            foreach (var channel in All)
            {
                channel.Forget();
                foreach (var subscription in channel.Subscriptions)
                    subscription.Close(CloseReason.ShuttingDown);
            }
    }

    public void Leave(UserChannel channel, Subscription subscription)
    {
        lock (_feeds)
        {
            channel.Remove(subscription);
            Forget(channel);
        }
    }

    /// <summary>Has text of this reply been shown from here? Its row says so only from the first checkpoint on.</summary>
    public bool HasText(string userId, string messageId) =>
        _feeds.TryGetValue(userId, out var channel) && channel.Live.FirstOrDefault(x => x.MessageId == messageId) is { HasText: true };

    /// <summary>A reply begins to be made here.</summary>
    public StreamingReply Begin(string userId, PendingReply reply)
    {
        lock (_feeds)
        {
            var channel = _feeds.GetOrAdd(userId, static id => new UserChannel(id));
            if (channel.Find(reply.MessageId) is { } before) // followed until now: it was taken over
                Drop(channel, before);
            return Add(channel, reply, null);
        }
    }

    /// <summary>
    /// A reply that another node makes, for the readers here: its text is to be fed in. Null where it is made here, or
    /// nobody here would read it.
    /// </summary>
    public StreamingReply? FollowRemote(string userId, PendingReply reply)
    {
        lock (_feeds)
        {
            if (!_feeds.TryGetValue(userId, out var channel) || channel.Subscriptions.Length == 0)
                return null;
            if (channel.Find(reply.MessageId) is not { } known)
                return Add(channel, reply, reply.Home);
            if (known.Home is null)
                return null;
            known.Home = reply.Home;
            return known;
        }
    }

    /// <summary>A reply is no longer made here. Its end, where it has one, is in the log by now.</summary>
    public void End(string userId, StreamingReply streaming)
    {
        lock (_feeds)
        {
            if (_feeds.TryGetValue(userId, out var channel))
            {
                Drop(channel, streaming);
                Forget(channel);
            }
            streaming.Dispose();
        }
    }

    StreamingReply Add(UserChannel channel, PendingReply reply, string? home)
    {
        var pause = TimeSpan.FromMilliseconds(options.DeltaMilliseconds);
        var streaming = home is null ? new StreamingReply(reply, channel.WakeLive, clock, pause) { MayShow = MayShow }
            : new StreamingReply(reply, channel.WakeLive, clock, pause) { Home = home };
        channel.Add(streaming);
        return streaming;
    }

    static void Drop(UserChannel channel, StreamingReply streaming)
    {
        channel.Remove(streaming);
        streaming.Dispose();
    }

    // Without a reader nothing is followed: it would be fed for nobody.
    void Forget(UserChannel channel)
    {
        if (channel.Subscriptions.Length > 0)
            return;
        foreach (var followed in channel.Live.Where(x => x.Home is not null))
            Drop(channel, followed);
        if (channel.Live.Length == 0)
            _feeds.TryRemove(channel.UserId, out _);
    }
}

/// <summary>
/// What one user's readers share on this node: the newest frames of the log, read and written once, and the replies
/// that are being made, here or elsewhere. Whoever comes first after a wake reads the log for all.
/// </summary>
#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing to dispose of
sealed class UserChannel(string userId)
#pragma warning restore CA1001
{
    const int MostFrames = 256;
    const int MostBytes = 1 << 20;

    readonly SemaphoreSlim _reading = new(1, 1);
    readonly List<Frame> _recent = [];
    long _recentBytes;
    long _end = -1;         // the last event that `_recent` has been read up to
    long _committed;        // counts wakes
    volatile bool _outdated;
    long _read;             // the wake that `_recent` is as new as

    public string UserId => userId;

    public Subscription[] Subscriptions { get; private set; } = [];

    public StreamingReply[] Live { get; private set; } = [];

    public StreamingReply? Find(string messageId) => Live.FirstOrDefault(x => x.MessageId == messageId);

    public void Add(Subscription subscription) => Subscriptions = [.. Subscriptions, subscription];

    public void Remove(Subscription subscription) => Subscriptions = [.. Subscriptions.Where(x => x != subscription)];

    public void Add(StreamingReply streaming)
    {
        Live = [.. Live, streaming];
        WakeLive();
    }

    public void Remove(StreamingReply streaming)
    {
        Live = [.. Live.Where(x => x != streaming)];
        WakeLive();
    }

    public void Wake()
    {
        Interlocked.Increment(ref _committed);
        WakeLive();
    }

    /// <summary>The log is known to go on to this event, or further.</summary>
    public void WakeUpTo(long seq)
    {
        if (Interlocked.Read(ref _end) < seq)
            Wake();
    }

    public void WakeLive()
    {
        foreach (var subscription in Subscriptions)
            subscription.Wake();
    }

    /// <summary>The frames after <paramref name="position"/>, as many as one page holds; empty at the head.</summary>
    public async ValueTask<IReadOnlyList<Frame>> AfterAsync(long position, ReadLog read, Timestamp now, CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            if (_end < position || _outdated || _recent.Exists(x => x.GoodUntil < now))
            {
                Clear();
                (_end, _read, _outdated) = (position, -1, false);
            }
            if (position < _end && (_recent.Count == 0 || _recent[0].Seq > position + 1))
                return (await read(userId, position, ct)).Frames; // far behind: it reads for itself
            if (position == _end)
            {
                var committed = Interlocked.Read(ref _committed);
                if (_read == committed)
                    return [];
                var page = await read(userId, position, ct);
                if (!page.More)
                    _read = committed;
                foreach (var frame in page.Frames)
                    Remember(frame);
                return page.Frames;
            }
            var first = _recent.FindIndex(x => x.Seq > position);
            return _recent[first..];
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Nothing that was read of the log counts any more: the next reader reads it anew.</summary>
    public void Forget() => _outdated = true;

    void Clear()
    {
        _recent.Clear();
        _recentBytes = 0;
    }

    void Remember(Frame frame)
    {
        // What was deleted is gone from here too: who lags behind reads the log, where it is a deletion by now.
        if (frame.Type is EventTypes.MessageDeleted or EventTypes.ChatDeleted)
            Clear();
        _recent.Add(frame);
        _recentBytes += frame.Json.Length;
        _end = frame.Seq;
        var excess = 0;
        while (_recent.Count - excess > MostFrames || (_recentBytes > MostBytes && _recent.Count - excess > 1))
            _recentBytes -= _recent[excess++].Json.Length;
        _recent.RemoveRange(0, excess);
    }
}
