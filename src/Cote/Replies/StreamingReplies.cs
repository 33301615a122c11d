using System.Collections.Concurrent;
using Cote.Media;

namespace Cote.Replies;

/// <summary>
/// The replies that are being made on this node, and those of other nodes that are followed for readers here.
/// </summary>
sealed class StreamingReplies(EventsOptions options, MediaLinks links, Clock clock)
{
    readonly Lock _gate = new();
    readonly ConcurrentDictionary<string, StreamingReply[]> _users = [];
    long _visibleUntil = long.MaxValue;

    /// <summary>
    /// Text of a reply of this user is to be shown, or it began or ended; of any of them where none is named.
    /// </summary>
    public event Action<string, StreamingReply?>? Changed;

    /// <summary>The shortest time between two deltas of a reply.</summary>
    public TimeSpan DeltaInterval { get; } = TimeSpan.FromMilliseconds(options.DeltaMilliseconds);

    /// <summary>False while this node's leases may have lapsed: another node may be making the same replies.</summary>
    public bool MayShow => clock.Ticks < Volatile.Read(ref _visibleUntil);

    /// <summary>Lets text that is made here be shown until then, by <see cref="Clock.Ticks"/>.</summary>
    public void ShowUntil(long ticks)
    {
        var wasHidden = !MayShow;
        Volatile.Write(ref _visibleUntil, ticks);
        if (wasHidden)
            foreach (var userId in _users.Keys)
                Changed?.Invoke(userId, null);
    }

    public StreamingReply[] Of(string userId) => _users.GetValueOrDefault(userId) ?? [];

    public StreamingReply? Find(string userId, string messageId) =>
        Array.Find(Of(userId), x => x.MessageId == messageId);

    /// <summary>
    /// Whether text of this reply was shown from here; its row says so only from the first checkpoint on.
    /// </summary>
    public bool HasText(string userId, string messageId) => Find(userId, messageId) is { HasText: true };

    /// <summary>
    /// The text as it is known here, which may be more than the row has; null where it is unknown or must not be shown.
    /// </summary>
    public ReplyText? VisibleTextOf(string userId, string messageId) =>
        Find(userId, messageId) is { IsVisible: true } reply ? reply.Read() : null;

    /// <summary>Users with a reply of another node that is followed here.</summary>
    public IEnumerable<string> UsersWithRemote() =>
        _users.Where(x => x.Value.Any(y => y.Home is not null)).Select(x => x.Key);

    /// <summary>A reply begins to be made here.</summary>
    public StreamingReply Begin(string userId, PendingReply reply)
    {
        StreamingReply streaming;
        lock (_gate)
        {
            if (Find(userId, reply.MessageId) is { } followed) // Its node was relieved of it.
                Remove(followed);
            streaming = Add(userId, reply with { Home = null });
        }
        OnChanged(streaming);
        return streaming;
    }

    /// <summary>Follows a reply that another node makes. Null where it is made here.</summary>
    public StreamingReply? Follow(string userId, PendingReply reply)
    {
        StreamingReply streaming;
        lock (_gate)
        {
            if (Find(userId, reply.MessageId) is { } known)
            {
                if (known.Home is null)
                    return null;
                known.Home = reply.Home;
                known.MoveTo(reply.Place);
                return known;
            }
            streaming = Add(userId, reply);
        }
        OnChanged(streaming);
        return streaming;
    }

    /// <summary>A reply is no longer made or followed here. Its end, if it has one, is in the log by now.</summary>
    public void End(StreamingReply streaming)
    {
        lock (_gate)
            Remove(streaming);
        OnChanged(streaming);
    }

    /// <summary>Follows no reply of this user any more: no reader of theirs is left here.</summary>
    public void StopFollowing(string userId)
    {
        lock (_gate)
            foreach (var followed in Of(userId).Where(x => x.Home is not null))
                Remove(followed);
    }

    internal void OnChanged(StreamingReply reply) => Changed?.Invoke(reply.UserId, reply);

    StreamingReply Add(string userId, PendingReply reply)
    {
        var streaming = new StreamingReply(userId, reply, this, links, clock);
        _users[userId] = [.. Of(userId), streaming];
        return streaming;
    }

    void Remove(StreamingReply streaming)
    {
        StreamingReply[] left = [.. Of(streaming.UserId).Where(x => x != streaming)];
        if (left.Length > 0)
            _users[streaming.UserId] = left;
        else
            _users.TryRemove(streaming.UserId, out _);
        streaming.Dispose();
    }
}
