using System.Text;
using Cote.Chats;
using Cote.Events;

namespace Cote.Replies;

/// <summary>
/// The text of a reply that is being made: on this node, or on another one that it is followed from. It is kept once;
/// each reader holds only its position, so a slow reader costs nothing and gets a longer delta later.
/// </summary>
sealed class StreamingReply : IDisposable
{
    static readonly TimeSpan TypingEvery = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    readonly StringBuilder _text;
    PendingReply _reply;
    readonly StreamingReplies _owner;
    readonly Clock _clock;
    readonly ITimer _timer;
    long _attempt;
    long _shownAt;
    long _typedAt;
    long _updatedAt;
    bool _isScheduled;
    bool _isDisposed;
    volatile bool _isHidden;
    (TextPosition From, int To, Frame Frame)? _lastDelta;
    (TextPosition Position, Frame Frame)? _lastSnapshot;

    public StreamingReply(string userId, PendingReply reply, StreamingReplies owner, Clock clock)
    {
        (UserId, _reply, _owner, _clock) = (userId, reply, owner, clock);
        (_text, _attempt, Home) = (new(reply.Content), reply.Attempt, reply.Home);
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
    public bool IsEnding { get; set; }

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
                return _text.Length > 0;
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
            if (_reply.Place != place)
                (_reply, _lastSnapshot) = (_reply with { Place = place }, null);
    }

    /// <summary>Its home node has sent text just now.</summary>
    public void MarkUpdated() => Volatile.Write(ref _updatedAt, _clock.Ticks);

    public bool WasUpdatedWithin(TimeSpan time) =>
        Volatile.Read(ref _updatedAt) is > 0 and var at && _clock.Since(at) < time;

    /// <summary>
    /// Adds text of an attempt; the first text of a new attempt replaces the old text. Returns the length.
    /// </summary>
    public int Append(long attempt, string text)
    {
        bool isDue;
        int length;
        lock (_gate)
        {
            isDue = Write(attempt, attempt == _attempt ? _text.Length : 0, text) == true;
            length = _text.Length;
        }
        if (isDue)
            Notify();
        return length;
    }

    /// <summary>Takes the whole text as another node or a row has it; one that is not newer changes nothing.</summary>
    public void Replace(ReplyText text) => TryWrite(text.Attempt, 0, text.Content);

    /// <summary>Takes text that begins at <paramref name="offset"/>. False where text before it is missing.</summary>
    public bool TryWrite(long attempt, int offset, string text)
    {
        bool isDue;
        lock (_gate)
        {
            if (offset > (attempt == _attempt ? _text.Length : 0) && attempt >= _attempt)
                return false;
            isDue = Write(attempt, offset, text) == true;
        }
        if (isDue)
            Notify();
        return true;
    }

    /// <summary>The whole text so far.</summary>
    public ReplyText Read()
    {
        lock (_gate)
            return new(_attempt, _text.ToString());
    }

    /// <summary>
    /// Adds the frames that lead a reader from its position to the whole text, and moves the position: a delta; for a
    /// reader of nothing, of another attempt, or where the <paramref name="whole"/> is asked for, a snapshot. A reader
    /// that was there before the reply began (<paramref name="wasThere"/>) gets a snapshot of what every attempt goes
    /// on after, mostly nothing, and then deltas.
    /// </summary>
    public void Advance(ref TextPosition position, List<Frame> frames, bool whole = false, bool wasThere = false)
    {
        lock (_gate)
        {
            var end = new TextPosition(_attempt, _text.Length);
            if ((position.Attempt == _attempt && position.Length >= end.Length) || !IsVisible)
                return;
            if (whole || (position.Attempt != _attempt && !wasThere))
            {
                frames.Add(Snapshot(end, end.Length));
            }
            else
            {
                if (position.Attempt != _attempt)
                {
                    var prefix = Math.Min(_reply.PrefixLength, _text.Length);
                    frames.Add(Snapshot(position = new(_attempt, prefix), prefix));
                }
                if (position.Length < end.Length)
                    frames.Add(Delta(position, end.Length));
            }
            position = end;
        }
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

    // Null where nothing changed, else whether it is time to show it.
    bool? Write(long attempt, int offset, string text)
    {
        if (attempt < _attempt || (attempt == _attempt && offset + text.Length <= _text.Length))
            return null;
        var isFirst = attempt != _attempt || _text.Length == 0;
        if (attempt != _attempt)
            _text.Clear();
        _attempt = attempt;
        var known = _text.Length - offset;
        _text.Append(text, known, text.Length - known);
        return IsDue(isFirst);
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
        _owner.OnChanged(UserId);
    }

    Frame Snapshot(TextPosition position, int length)
    {
        if (_lastSnapshot is not { } last || last.Position != position)
            _lastSnapshot = last =
                (position, _reply.With(new(position.Attempt, _text.ToString(0, length))).ToSnapshot());
        return last.Frame;
    }

    Frame Delta(TextPosition from, int to)
    {
        if (_lastDelta is not { } last || last.From != from || last.To != to)
            _lastDelta = last = (from, to, WriteDelta(from, _text.ToString(from.Length, to - from.Length)));
        return last.Frame;
    }

    Frame WriteDelta(TextPosition from, string text) => Frame.Write(EventTypes.Delta, data =>
    {
        data.WriteString("chat_id"u8, ChatId);
        data.WriteString("message_id"u8, MessageId);
        data.WriteNumber("attempt"u8, from.Attempt);
        data.WriteNumber("offset"u8, from.Length);
        data.WriteString("text"u8, text);
    });
}
