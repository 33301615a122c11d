using System.Text;
using Cote.Chats;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>
/// The text and the parts of a reply that is being made, kept once however many read it. Not thread-safe: its owner
/// locks it.
/// </summary>
sealed class ReplyContent
{
    /// <summary>Stands between two text parts, and belongs to neither.</summary>
    const string Separator = "\n\n";

    /// <summary>A part, as far as it has come.</summary>
    public sealed class Slot(Part part, long rev)
    {
        public Part Part { get; set; } = part;

        /// <summary>The revision at which it was added.</summary>
        public long Born { get; } = rev;

        /// <summary>The revision at which it changed last.</summary>
        public long Rev { get; set; } = rev;

        /// <summary>The text of a thought as far as it is kept; null for other parts.</summary>
        public StringBuilder? Thought { get; init; }

        /// <summary>The UTF-16 units of a thought that the model sent.</summary>
        public int Sent { get; set; }

        /// <summary>When it began, by <see cref="Clock.Ticks"/>.</summary>
        public long BeganAt { get; init; }

        /// <summary>A thought or a text that does not grow any more.</summary>
        public bool IsClosed { get; set; }

        public Slot Copy() => new(Part, Born)
        {
            Rev = Rev,
            Thought = Thought is null ? null : new(Thought.ToString()),
            Sent = Sent,
            BeganAt = BeganAt,
            IsClosed = IsClosed,
        };
    }

    readonly StringBuilder _text = new();
    readonly List<Slot> _slots = [];
    readonly Clock _clock;

    public ReplyContent(ReplyText text, Clock clock)
    {
        _clock = clock;
        Replace(text);
    }

    /// <summary>The attempt that text and parts belong to.</summary>
    public long Attempt { get; private set; }

    /// <summary>UTF-16 units of the text.</summary>
    public int Length => _text.Length;

    /// <summary>The revision of the parts; 0 without any.</summary>
    public long Rev { get; private set; }

    public IReadOnlyList<Slot> Slots => _slots;

    /// <summary>How many parts the attempt began with.</summary>
    public int KeptParts { get; private set; }

    /// <summary>The UTF-16 units of text that it began with.</summary>
    public int KeptLength { get; private set; }

    public ReplyPosition Position => new(Attempt, Length, Rev, ThoughtLength);

    public bool IsEmpty => Length == 0 && Rev == 0;

    int ThoughtLength => _slots is [.., { Thought: { } thought }] ? thought.Length : 0;

    public string Text(int from, int to) => _text.ToString(from, to - from);

    /// <summary>Everything as it is now.</summary>
    public ReplyText Read() => Read(Length, _slots.Count);

    /// <summary>The beginning of it: so many units and so many parts.</summary>
    public ReplyText Read(int length, int parts) => new(Attempt, Text(0, length), parts == 0 ? ReplyParts.None
        : new(
            parts < _slots.Count ? _slots[parts].Born - 1 : Rev,
            [.. _slots.Take(parts).Select((x, index) => new PartState(PartAt(index), x.Rev))]));

    /// <summary>A part as it is now; the last one reaches as far as the text.</summary>
    public Part PartAt(int index) => _slots[index] switch
    {
        { Part: TextPart part, IsClosed: false } => part with { End = Length },
        { Part: ReasoningPart part, Thought: { } thought } slot => part with
        {
            Text = thought.ToString(),
            Length = slot.Sent,
            Truncated = slot.Sent > thought.Length ? true : null,
        },
        var slot => slot.Part,
    };

    /// <summary>Takes everything as another node or a row has it.</summary>
    public void Replace(ReplyText text)
    {
        Begin(text.Attempt);
        _text.Append(text.Content);
        foreach (var (index, item) in text.Parts.Items.Index())
            Set(index, item.Part, item.Rev);
        if (_slots is [.., { Part: TextPart } last])
            last.IsClosed = false; // Whether it grows on is not said.
        Rev = text.Parts.Rev;
    }

    /// <summary>An attempt begins: what the one before it made is dropped.</summary>
    public void Begin(long attempt)
    {
        _text.Clear();
        _slots.Clear();
        (Attempt, Rev, KeptParts, KeptLength) = (attempt, 0, 0, 0);
    }

    /// <summary>An attempt begins after what is kept of the one before it.</summary>
    public void Begin(long attempt, ReplyText kept)
    {
        Begin(attempt);
        _text.Append(kept.Content);
        foreach (var item in kept.Parts.Items)
            Set(_slots.Count, item.Part, Rev + 1);
        foreach (var slot in _slots)
            slot.IsClosed = true;
        (KeptParts, KeptLength) = (_slots.Count, Length);
    }

    /// <summary>A copy of it, to see what a change leads to.</summary>
    public ReplyContent Copy()
    {
        var copy = new ReplyContent(new(Attempt, "", ReplyParts.None), _clock)
        {
            Rev = Rev,
            KeptParts = KeptParts,
            KeptLength = KeptLength,
        };
        copy._text.Append(_text);
        foreach (var slot in _slots)
            copy._slots.Add(slot.Copy());
        return copy;
    }

    /// <summary>Adds text to the end.</summary>
    public void AddText(string text)
    {
        if (_slots is [.., not { Part: TextPart }])
        {
            CloseLast();
            if (Length > 0)
                _text.Append(Separator);
            _slots.Add(new(new TextPart(Length, Length), ++Rev));
        }
        _text.Append(text);
    }

    /// <summary>Adds text of a thought: to the last part, where that is one, or as a new one.</summary>
    public void AddThought(string text)
    {
        if (_slots is not [.., { Thought: not null, IsClosed: false }])
        {
            CloseLast();
            _slots.Add(new(new ReasoningPart(""), ++Rev) { Thought = new(), BeganAt = _clock.Ticks });
        }
        var slot = _slots[^1];
        slot.Sent += text.Length;
        slot.Thought!.Append(Excerpt.Of(text, ReasoningPart.MostKept - slot.Thought.Length));
    }

    /// <summary>Adds a part that is whole.</summary>
    public void Add(Part part)
    {
        CloseLast();
        _slots.Add(new(part, ++Rev) { IsClosed = true });
    }

    /// <summary>Replaces a part by another form of it.</summary>
    public void Change(int index, Part part)
    {
        _slots[index].Part = part;
        _slots[index].Rev = ++Rev;
    }

    /// <summary>The last part does not grow any more; it is told in its last form.</summary>
    public void CloseLast()
    {
        // Text that came before any part becomes the first one.
        if (_slots.Count == 0 && Length > 0)
            _slots.Add(new(new TextPart(0, Length), ++Rev) { IsClosed = true });
        if (_slots is not [.., { IsClosed: false } last])
            return;
        var part = PartAt(_slots.Count - 1);
        last.Part = part is ReasoningPart thought
            ? thought with { Ms = (long)_clock.Since(last.BeganAt).TotalMilliseconds } : part;
        (last.IsClosed, last.Rev) = (true, ++Rev);
    }

    /// <summary>Nothing follows any more.</summary>
    public void Finish()
    {
        if (_slots.Count > 0)
            CloseLast();
    }

    /// <summary>Takes text that begins at <paramref name="offset"/>; what is known of it already is passed over.
    /// False where text before it is missing.</summary>
    public bool Write(int offset, string text)
    {
        var known = Length - offset;
        if (known < 0)
            return false;
        if (known < text.Length)
            _text.Append(text, known, text.Length - known);
        return true;
    }

    /// <summary>
    /// Takes a part as another node or a row has it; false where parts before it, or its own text, are missing.
    /// </summary>
    public bool Set(int index, Part part, long rev)
    {
        if (index > _slots.Count || part is TextPart text && text.End > text.Start && text.End > Length)
            return false;
        if (index == _slots.Count)
        {
            if (_slots is [.., var previous])
                previous.IsClosed = true; // Its last form came before.
            _slots.Add(new(part, rev) { Thought = part is ReasoningPart ? new() : null, BeganAt = _clock.Ticks });
        }
        var slot = _slots[index];
        (slot.Part, slot.Rev, Rev) = (part, rev, Math.Max(Rev, rev));
        // A text is told empty when it begins, and once more with its end.
        slot.IsClosed = index < _slots.Count - 1 || part switch
        {
            TextPart { End: var end, Start: var start } => end > start,
            ReasoningPart thought => thought.Ms is not null,
            _ => true,
        };
        if (part is ReasoningPart { Text: var kept } whole && slot.Thought is { } units)
        {
            units.Clear().Append(kept);
            slot.Sent = whole.Length ?? units.Length;
        }
        return true;
    }

    /// <summary>Takes text of a thought that begins at <paramref name="offset"/>; false where some before it is
    /// missing.</summary>
    public bool WriteThought(int index, int offset, string text)
    {
        if (index != _slots.Count - 1 || _slots[index] is not { Thought: { } thought } slot || offset > thought.Length)
            return false;
        var known = thought.Length - offset;
        if (known < text.Length)
            thought.Append(text, known, text.Length - known);
        slot.Sent = Math.Max(slot.Sent, thought.Length);
        return true;
    }
}
