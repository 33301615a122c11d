using Cote.Chats;
using Cote.Events;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>
/// What one user's subscriptions share on this node: the newest frames of the log, read and serialised once, and the
/// user's streaming replies. The first subscription that comes after a commit reads the log for all.
/// </summary>
#pragma warning disable CA1001 // A semaphore whose wait handle is never asked for holds nothing to dispose of.
sealed class UserChannel(
    string userId, EventRenderer renderer, MessageStore messages, StreamingReplies streaming, Clock clock)
#pragma warning restore CA1001
{
    const int MaxFrames = 256;
    const int MaxBytes = 1 << 20;

    readonly SemaphoreSlim _reading = new(1, 1);
    readonly List<Frame> _recent = [];
    long _recentBytes;
    long _end = -1;         // The last event that `_recent` was read up to.
    long _commits;
    long _readCommits;      // The count of commits that `_recent` includes.
    volatile bool _isOutdated;

    public string UserId => userId;

    public Subscription[] Subscriptions { get; private set; } = [];

    /// <summary>How many keep it without a subscription. The hub changes it, in its lock.</summary>
    public int Holds { get; set; }

    /// <summary>How many commits of this user were announced since it is there.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    public StreamingReply[] Replies => streaming.Of(userId);

    public StreamingReply? FindReply(string messageId) => streaming.Find(userId, messageId);

    public void Add(Subscription subscription) => Subscriptions = [.. Subscriptions, subscription];

    public void Remove(Subscription subscription) => Subscriptions = [.. Subscriptions.Where(x => x != subscription)];

    /// <summary>Events of this user were committed.</summary>
    public void Advance()
    {
        Interlocked.Increment(ref _commits);
        Wake();
    }

    /// <summary>The log is known to reach this event, or further.</summary>
    public void AdvanceTo(long seq)
    {
        if (Interlocked.Read(ref _end) < seq)
            Advance();
    }

    /// <summary>Wakes those that show this reply; all, where none is named.</summary>
    public void Wake(StreamingReply? reply = null)
    {
        foreach (var subscription in Subscriptions)
            if (reply is null || subscription.Shows(reply))
                subscription.Wake();
    }

    /// <summary>The frames after <paramref name="position"/>, as many as one page holds; empty at the head.</summary>
    public async ValueTask<IReadOnlyList<Frame>> ReadAfterAsync(long position, Timestamp now, CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            if (_end < position || _isOutdated || _recent.Exists(x => x.GoodUntil < now))
            {
                Clear();
                (_end, _readCommits, _isOutdated) = (position, -1, false);
                await RefreshPlacesAsync(ct);
            }
            if (position < _end && (_recent.Count == 0 || _recent[0].Seq > position + 1))
                return (await renderer.ReadAsync(userId, position, ct)).Frames; // Far behind: it reads for itself.
            if (position < _end)
                return _recent[_recent.FindIndex(x => x.Seq > position)..];
            var commits = Interlocked.Read(ref _commits);
            if (_readCommits == commits)
                return [];
            var page = await renderer.ReadAsync(userId, position, ct);
            if (_readCommits >= 0 && page.Frames.Count > 0)
                DeliveryMetrics.OnRead(page.At, clock.Now);
            if (page.Frames.Any(x => MovesPlaces(x.Type)))
                await RefreshPlacesAsync(ct);
            // Of a commit whose events were taken before it is announced, the rest is still to be read.
            _readCommits = page.HasMore ? Math.Min(_readCommits, commits - 1) : commits;
            foreach (var frame in page.Frames)
                Remember(frame);
            return page.Frames;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>
    /// A transaction of the user is about to be committed: its events are read with it, for those who wait for them.
    /// </summary>
    public void ReadWith(EventTransaction transaction)
    {
        if (Subscriptions.Length > 0 && renderer.ReadWith(transaction) is { } page)
            transaction.Batch.Committed += () =>
            {
                try
                {
                    if (page() is { } whole)
                        Take(whole);
                }
#pragma warning disable CA1031 // It is committed: whoever reads the log meets the same fault.
                catch (Exception)
#pragma warning restore CA1031
                {
                }
            };
    }

    // Comes before the announcement of its commit.
    void Take(EventPage page)
    {
        if (page.Frames is not [var first, ..])
            return;
        if (page.Frames.Any(x => MovesPlaces(x.Type)))
        {
            Forget(); // Who lags reads the log, in which what was deleted stands no more.
            return;
        }
        if (!_reading.Wait(0))
            return;
        try
        {
            // Where something is missing between, or somebody else's commit is not read yet, the log is read as ever.
            if (_end != first.Seq - 1 || _isOutdated || _readCommits != Commits)
                return;
            DeliveryMetrics.OnRead(page.At, clock.Now);
            foreach (var frame in page.Frames)
                Remember(frame);
            _readCommits++;
        }
        finally
        {
            _reading.Release();
        }
    }

    static bool MovesPlaces(string type) => type is EventTypes.ChatPath or EventTypes.MessageDeleted;

    /// <summary>
    /// The log ends with this event where so many commits were announced. It counts only where nothing was read yet:
    /// what was read is kept for all, and must lead on without a hole.
    /// </summary>
    public void KnowEnd(long seq, long commits)
    {
        if (!_reading.Wait(0))
            return; // Somebody reads already.
        if (_end < 0 && !_isOutdated && Commits == commits)
            (_end, _readCommits) = (seq, commits);
        _reading.Release();
    }

    /// <summary>Drops what was read of the log: the next subscription reads it anew.</summary>
    public void Forget() => _isOutdated = true;

    // A snapshot says where its reply stands in the tree, and that may have changed since the reply began.
    async Task RefreshPlacesAsync(CancellationToken ct)
    {
        if (Replies is not { Length: > 0 } replies)
            return;
        foreach (var (id, place) in await messages.ListPlacesAsync(userId, replies.Select(x => x.MessageId), ct))
            FindReply(id)?.MoveTo(place);
    }

    void Clear()
    {
        _recent.Clear();
        _recentBytes = 0;
    }

    void Remember(Frame frame)
    {
        // What was deleted must not be shown from here, nor a message where it stood in the tree: a subscription that
        // lags reads the log, where it is as it is now.
        if (frame.Type is EventTypes.MessageDeleted or EventTypes.ChatDeleted or EventTypes.ChatPath)
            Clear();
        _recent.Add(frame);
        _recentBytes += frame.Bytes;
        _end = frame.Seq;
        var excess = 0;
        while (_recent.Count - excess > MaxFrames || (_recentBytes > MaxBytes && _recent.Count - excess > 1))
            _recentBytes -= _recent[excess++].Bytes;
        _recent.RemoveRange(0, excess);
    }
}
