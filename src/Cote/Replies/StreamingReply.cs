using System.Text;
using System.Text.Json;
using Cote.Events;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>A reply that has not ended, as an attaching client is told of it.</summary>
/// <param name="QuestionSeq">The event of the question: nothing of the reply is shown before it.</param>
/// <param name="Attempt">The attempt that <paramref name="Content"/> belongs to.</param>
/// <param name="Home">The node that makes it, or null while it waits.</param>
sealed record PendingReply(
    string ChatId, string MessageId, string ReplyToId, long Seq, string Model, long QuestionSeq, long Attempt, string Content,
    string? Home = null)
{
    public Frame ToSnapshot() => Frame.Write(EventTypes.Snapshot, WriteFields);

    public void WriteFields(Utf8JsonWriter data)
    {
        data.WriteString("chat_id"u8, ChatId);
        data.WriteString("message_id"u8, MessageId);
        data.WriteString("reply_to_id"u8, ReplyToId);
        data.WriteNumber("seq"u8, Seq);
        data.WriteString("model"u8, Model);
        data.WriteNumber("attempt"u8, Attempt);
        data.WriteString("content"u8, Content);
    }
}

/// <summary>
/// The text of a reply that is being made: on this node, or on another one that it is followed from. It is kept once;
/// each reader holds only how far it has shown it, so a slow reader costs nothing and simply gets a longer delta later:
/// nothing is queued and nothing is dropped.
/// </summary>
sealed class StreamingReply : IDisposable
{
    static readonly TimeSpan TypingEvery = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    readonly StringBuilder _text;
    readonly PendingReply _reply;
    readonly Clock _clock;
    readonly TimeSpan _pause;
    readonly ITimer _timer;
    long _attempt;
    long _shownAt;
    long _typedAt;
    long _fedAt;
    bool _scheduled;
    bool _disposed;
    (long Attempt, int From, int To, Frame Frame)? _lastDelta;
    (long Attempt, int Length, Frame Frame)? _lastSnapshot;

    public StreamingReply(PendingReply reply, Action changed, Clock clock, TimeSpan pause)
    {
        (_reply, Changed, _clock, _pause) = (reply, changed, clock, pause);
        (_text, _attempt) = (new(reply.Content), reply.Attempt);
        _typedAt = clock.Ticks;
        _timer = clock.Provider.CreateTimer(_ => Show(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised when there is something to show, no more often than text is to be shown.</summary>
    public event Action? Changed;

    /// <summary>Asked before anything is shown.</summary>
    public Func<bool> MayShow { get; init; } = static () => true;

    /// <summary>It is another's by now: nothing of it is shown from here any more.</summary>
    public bool IsLost { get; set; }

    /// <summary>The node that makes it, where it is followed from another one; null where it is made here.</summary>
    public string? Home { get; set; }

    /// <summary>Its home has told of it just now.</summary>
    public void WasFed() => Volatile.Write(ref _fedAt, _clock.Ticks);

    public bool WasFedWithin(TimeSpan time) => Volatile.Read(ref _fedAt) is > 0 and var at && _clock.Since(at) < time;

    /// <summary>True while its end is being committed: who comes now is shown the end, and no text before it.</summary>
    public bool IsEnding { get; set; }

    /// <summary>True when it is gone from here.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _disposed;
        }
    }

    /// <summary>May its text be shown at all?</summary>
    public bool IsShown => !IsLost && MayShow();

    public string ChatId => _reply.ChatId;

    public string MessageId => _reply.MessageId;

    public long QuestionSeq => _reply.QuestionSeq;

    public bool HasText
    {
        get
        {
            lock (_gate)
                return _text.Length > 0;
        }
    }

    /// <summary>Adds text of an attempt; the first text of a new attempt takes the place of the old one's.</summary>
    public void Append(long attempt, string text)
    {
        bool now;
        lock (_gate)
        {
            var first = attempt != _attempt || _text.Length == 0;
            if (first)
                Begin(attempt);
            _text.Append(text);
            now = IsDue(first);
        }
        if (now)
            Changed?.Invoke();
    }

    /// <summary>The whole text as another node, or a row, has it; what is older than the text that is here changes nothing.</summary>
    public void Replace(long attempt, string content)
    {
        bool now;
        lock (_gate)
        {
            if (attempt < _attempt || (attempt == _attempt && content.Length <= _text.Length))
                return;
            var first = attempt != _attempt || _text.Length == 0;
            if (first)
                Begin(attempt);
            _text.Append(content, _text.Length, content.Length - _text.Length);
            now = IsDue(first);
        }
        if (now)
            Changed?.Invoke();
    }

    /// <summary>Text that goes on from <paramref name="offset"/>, as another node has it. False where something is missing before it.</summary>
    public bool Splice(long attempt, int offset, string text)
    {
        bool now;
        lock (_gate)
        {
            if (attempt < _attempt || (attempt == _attempt && offset + text.Length <= _text.Length))
                return true;
            if (offset > (attempt == _attempt ? _text.Length : 0))
                return false;
            var first = attempt != _attempt || _text.Length == 0;
            if (first)
                Begin(attempt);
            var known = _text.Length - offset;
            _text.Append(text, known, text.Length - known);
            now = IsDue(first);
        }
        if (now)
            Changed?.Invoke();
        return true;
    }

    /// <summary>The whole text so far, and whose it is.</summary>
    public (long Attempt, string Content) Read()
    {
        lock (_gate)
            return (_attempt, _text.ToString());
    }

    /// <summary>
    /// What a reader at (<paramref name="attempt"/>, <paramref name="length"/>) has not been shown: a delta, or a snapshot
    /// where it knows nothing yet, the text is another attempt's, or the <paramref name="whole"/> is asked for; null where it
    /// has all. Moves the reader forward.
    /// </summary>
    public Frame? Advance(ref long attempt, ref int length, bool whole = false)
    {
        lock (_gate)
        {
            if ((attempt == _attempt && length >= _text.Length) || !IsShown)
                return null;
            var known = attempt;
            var from = length;
            (attempt, length) = (_attempt, _text.Length);
            if (known != _attempt || from < 0 || whole)
            {
                if (_lastSnapshot is not { } snapshot || snapshot.Attempt != _attempt || snapshot.Length != _text.Length)
                    _lastSnapshot = snapshot = (_attempt, _text.Length,
                        (_reply with { Attempt = _attempt, Content = _text.ToString() }).ToSnapshot());
                return snapshot.Frame;
            }
            if (_lastDelta is not { } delta || delta.Attempt != _attempt || delta.From != from || delta.To != _text.Length)
                _lastDelta = delta = (_attempt, from, _text.Length, Delta(from, _text.ToString(from, _text.Length - from)));
            return delta.Frame;
        }
    }

    /// <summary>True when it is time to say again that the AI is typing.</summary>
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
            _disposed = true;
        _timer.Dispose();
    }

    void Show()
    {
        lock (_gate)
        {
            _scheduled = false;
            _shownAt = _clock.Ticks;
        }
        Changed?.Invoke();
    }

    void Begin(long attempt)
    {
        _text.Clear();
        _attempt = attempt;
    }

    // The first text of an attempt at once; what follows when the pause is over.
    bool IsDue(bool first)
    {
        if (first || _clock.Since(_shownAt) >= _pause)
        {
            _shownAt = _clock.Ticks;
            return true;
        }
        if (!_scheduled && !_disposed)
        {
            _scheduled = true;
            var rest = _pause - _clock.Since(_shownAt);
            _timer.Change(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        return false;
    }

    Frame Delta(int offset, string text) => Frame.Write(EventTypes.Delta, data =>
    {
        data.WriteString("chat_id"u8, ChatId);
        data.WriteString("message_id"u8, MessageId);
        data.WriteNumber("attempt"u8, _attempt);
        data.WriteNumber("offset"u8, offset);
        data.WriteString("text"u8, text);
    });
}
