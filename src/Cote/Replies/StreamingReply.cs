using Cote.Chats;
using Cote.Events;
using Cote.Media;

namespace Cote.Replies;

/// <summary>
/// The text of a reply that is being made: on this node, or on another one that it is followed from. It is kept once;
/// each reader holds only its position, so a slow reader costs nothing and gets a longer delta later.
/// </summary>
sealed class StreamingReply : IDisposable
{
    static readonly TimeSpan TypingEvery = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    readonly PendingReply _reply;
    readonly ReplyContent _content;
    readonly ReplyFrames _frames;
    readonly StreamingReplies _owner;
    readonly Clock _clock;
    readonly ITimer _timer;
    long _shownAt;
    long _typedAt;
    long _updatedAt;
    bool _isScheduled;
    bool _isDisposed;
    volatile bool _isHidden;
    volatile bool _isEnding;

    public StreamingReply(
        string userId, PendingReply reply, StreamingReplies owner, MediaLinks links, Clock clock)
    {
        (UserId, _reply, _owner, _clock, Home) = (userId, reply, owner, clock, reply.Home);
        _content = new(reply.Text, clock);
        _frames = new(reply, _content, links);
        _typedAt = BeganAt = clock.Ticks;
        _timer = clock.Provider.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string UserId { get; }

    public string ChatId => _reply.ChatId;

    public string MessageId => _reply.MessageId;

    /// <summary>The event that announced it: nothing of the reply is shown before it.</summary>
    public long BegunSeq => _reply.BegunSeq;

    /// <summary>When this node began to make or to follow it, by <see cref="Clock.Ticks"/>.</summary>
    public long BeganAt { get; }

    /// <summary>The node that makes it, where it is followed; null where it is made here.</summary>
    public string? Home { get; internal set; }

    /// <summary>
    /// True while its end is being committed: a reader that comes now is shown the end, and no text before it.
    /// </summary>
    public bool IsEnding
    {
        get => _isEnding;
        set => _isEnding = value;
    }

    /// <summary>True when it is neither made nor followed here any more.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _isDisposed;
        }
    }

    /// <summary>
    /// Whether its text may be shown: not where this node's leases may have lapsed, or another node has taken it.
    /// </summary>
    public bool IsVisible => !_isHidden && (Home is not null || _owner.MayShow);

    public bool HasText
    {
        get
        {
            lock (_gate)
                return _content.Length > 0;
        }
    }

    /// <summary>When something of it was shown last, by <see cref="Clock.Ticks"/>; null where nothing was.</summary>
    public long? ShownAt => Volatile.Read(ref _shownAt) is > 0 and var at ? at : null;

    /// <summary>How long its text is, in UTF-16 units.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
                return _content.Length;
        }
    }

    /// <summary>Raised when there is something to show, at most once in each interval of deltas.</summary>
    public event Action? Changed;

    /// <summary>Another node has taken it: nothing of it is shown from here any more.</summary>
    public void Hide() => _isHidden = true;

    /// <summary>It stands in another place of the tree now; snapshots say so.</summary>
    public void MoveTo(TreePlace place)
    {
        lock (_gate)
            _frames.Place = place;
    }

    /// <summary>Another model answers than the one that was asked; snapshots say so.</summary>
    public void AnsweredBy(string model)
    {
        lock (_gate)
            _frames.AnsweredBy(model);
    }

    /// <summary>Its home node has sent text just now.</summary>
    public void MarkUpdated() => Volatile.Write(ref _updatedAt, _clock.Ticks);

    public bool WasUpdatedWithin(TimeSpan time) =>
        Volatile.Read(ref _updatedAt) is > 0 and var at && _clock.Since(at) < time;

    /// <summary>
    /// Adds to what an attempt has made; the first of a new attempt replaces what the one before it made, but for what
    /// is kept. Returns how far it has come.
    /// </summary>
    public ReplyPosition Append(long attempt, ReplyText kept, Action<ReplyContent> add)
    {
        var position = default(ReplyPosition);
        Update(() =>
        {
            Add(_content, attempt, kept, add);
            position = _content.Position;
            return true;
        });
        return position;
    }

    /// <summary>What <see cref="Append"/> would lead to; nothing is shown of it yet.</summary>
    public ReplyText Plan(long attempt, ReplyText kept, Action<ReplyContent> add)
    {
        lock (_gate)
        {
            var copy = _content.Copy();
            Add(copy, attempt, kept, add);
            return copy.Read();
        }
    }

    static void Add(ReplyContent content, long attempt, ReplyText kept, Action<ReplyContent> add)
    {
        if (attempt != content.Attempt)
            content.Begin(attempt, kept);
        add(content);
    }

    /// <summary>Takes everything as another node or a row has it; what is not newer changes nothing.</summary>
    public void Replace(ReplyText text) => Update(() =>
    {
        if (!text.Position.IsNewerThan(_content.Position))
            return false;
        _content.Replace(text);
        return true;
    });

    /// <summary>Takes what another node has added; false where something before it is missing.</summary>
    /// <param name="attempt">The attempt that made it.</param>
    /// <param name="isFirst">Whether an attempt may begin with it.</param>
    /// <param name="write">Takes it; false where something before it is missing.</param>
    public bool TryWrite(long attempt, bool isFirst, Func<ReplyContent, bool> write)
    {
        var fits = true;
        Update(() =>
        {
            if (attempt < _content.Attempt)
                return false;
            var before = _content.Position;
            if (attempt > _content.Attempt)
            {
                if (!isFirst)
                    return fits = false;
                _content.Begin(attempt);
            }
            fits = write(_content);
            return _content.Position != before;
        });
        return fits;
    }

    /// <summary>Everything so far.</summary>
    public ReplyText Read()
    {
        lock (_gate)
            return _content.Read();
    }

    /// <summary>
    /// Adds the frames that lead a reader from its position to the end, and moves the position: deltas and parts; for a
    /// reader of nothing, of another attempt, or where the <paramref name="whole"/> is asked for, a snapshot. A reader
    /// that was there before the reply began (<paramref name="wasThere"/>) gets a snapshot of what every attempt goes
    /// on after, mostly nothing, and then deltas.
    /// </summary>
    public void Advance(
        ref ReplyPosition position, List<Frame> frames, PartsView view, bool whole = false, bool wasThere = false)
    {
        lock (_gate)
            if (IsVisible)
                _frames.Advance(ref position, frames, view, whole, wasThere);
    }

    /// <summary>True when it is time to repeat that the AI is typing.</summary>
    public bool IsTypingDue()
    {
        if (_clock.Since(_typedAt) < TypingEvery)
            return false;
        _typedAt = _clock.Ticks;
        return true;
    }

    public void Dispose()
    {
        lock (_gate)
            _isDisposed = true;
        _timer.Dispose();
    }

    void Update(Func<bool> change)
    {
        bool isDue;
        lock (_gate)
        {
            var isFirst = _content.IsEmpty;
            var attempt = _content.Attempt;
            isDue = change() && IsDue(isFirst || attempt != _content.Attempt);
        }
        if (isDue)
            Notify();
    }

    // The first text of an attempt is shown at once, what follows when the interval is over.
    bool IsDue(bool isFirst)
    {
        var pause = _owner.DeltaInterval;
        if (isFirst || _clock.Since(_shownAt) >= pause)
        {
            _shownAt = _clock.Ticks;
            return true;
        }
        if (!_isScheduled && !_isDisposed)
        {
            _isScheduled = true;
            var rest = pause - _clock.Since(_shownAt);
            _timer.Change(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        return false;
    }

    void OnTimer()
    {
        lock (_gate)
        {
            _isScheduled = false;
            _shownAt = _clock.Ticks;
        }
        Notify();
    }

    void Notify()
    {
        Changed?.Invoke();
        _owner.OnChanged(this);
    }
}
