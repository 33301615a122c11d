using System.Text;
using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Media;

namespace Cote.Replies;

/// <summary>
/// The frames that lead readers of a reply on. A slow reader gets a longer delta, and each part that changed once, in
/// its latest form. What was serialised for one reader is given to the next. Not thread-safe: its owner locks it.
/// </summary>
sealed class ReplyFrames(PendingReply reply, ReplyContent content, MediaLinks links)
{
    PendingReply _reply = reply;
    (long Attempt, int From, int To, Frame Frame)? _lastDelta;
    (long Attempt, int Index, int From, int To, Frame Frame)? _lastThought;
    (ReplyPosition Position, PartsView View, Frame Frame)? _lastSnapshot;

    /// <summary>Where the reply stands in the tree; snapshots say so.</summary>
    public TreePlace Place
    {
        get => _reply.Place;
        set
        {
            if (_reply.Place != value)
                (_reply, _lastSnapshot) = (_reply with { Place = value }, null);
        }
    }

    /// <summary>Another model answers than the one that was asked; snapshots say so.</summary>
    public void AnsweredBy(string model) => (_reply, _lastSnapshot) = (_reply with { Model = model }, null);

    /// <summary>
    /// Adds the frames that lead from a position to the end, and moves it. See <see cref="StreamingReply.Advance"/>.
    /// </summary>
    public void Advance(ref ReplyPosition position, List<Frame> frames, PartsView view, bool whole, bool wasThere)
    {
        var end = content.Position;
        if (position.Attempt == end.Attempt && !end.IsNewerThan(position))
            return;
        if (whole || (position.Attempt != end.Attempt && !wasThere))
        {
            frames.Add(Snapshot(content.Read(), view));
            position = end;
            return;
        }
        if (position.Attempt != end.Attempt)
        {
            var kept = content.Read(
                content.KeptParts > 0 ? content.KeptLength : Math.Min(_reply.PrefixLength, content.Length),
                content.KeptParts);
            frames.Add(Snapshot(kept, view));
            position = kept.Position;
        }
        if (view != PartsView.None)
            for (var index = 0; index < content.Slots.Count; index++)
                AdvancePart(ref position, frames, view, index);
        AdvanceText(ref position, frames, content.Length);
        position = end;
    }

    void AdvancePart(ref ReplyPosition position, List<Frame> frames, PartsView view, int index)
    {
        var slot = content.Slots[index];
        var isNew = slot.Born > position.Rev;
        var isLast = index == content.Slots.Count - 1;
        if (slot.Part is TextPart text)
        {
            if (isNew && isLast && text.End <= text.Start)
                frames.Add(WritePart(index, slot.Born, text with { End = Math.Max(text.Start, position.Length) }));
            // One that is closed is told in its last form, though nothing has followed it yet.
            else if (slot.Rev > position.Rev && (isNew || !isLast || slot.IsClosed))
            {
                AdvanceText(ref position, frames, text.End);
                frames.Add(WritePart(index, slot.Rev, text));
            }
            return;
        }
        if (slot.Thought is { } thought)
            AdvanceThought(thought, position, frames, view, index);
        if (slot.Rev > (isNew && slot.Thought is not null ? slot.Born : position.Rev))
            frames.Add(WritePart(index, slot.Rev, content.PartAt(index).In(view).Signed(links)));
    }

    // A thought is told by deltas, in the light view too. Where all of it is shown at its end, it needs none.
    void AdvanceThought(StringBuilder thought, ReplyPosition position, List<Frame> frames, PartsView view, int index)
    {
        var slot = content.Slots[index];
        var isNew = slot.Born > position.Rev;
        if (!isNew && !IsLastKnown(index, position.Rev) || isNew && slot.IsClosed && view == PartsView.All)
            return;
        var known = isNew ? 0 : position.Thought;
        if (isNew)
            frames.Add(WritePart(index, slot.Born, new ReasoningPart("", Length: 0).In(view)));
        if (thought.Length > known)
            frames.Add(Thought(index, known, thought.ToString(known, thought.Length - known)));
    }

    // Only the last part that a reader knows may have grown since.
    bool IsLastKnown(int index, long rev) => index == content.Slots.Count - 1 || content.Slots[index + 1].Born > rev;

    void AdvanceText(ref ReplyPosition position, List<Frame> frames, int to)
    {
        if (position.Length >= to)
            return;
        frames.Add(Delta(position.Length, to));
        position = position with { Length = to };
    }

    Frame Snapshot(ReplyText text, PartsView view)
    {
        if (_lastSnapshot is not { } last || last.Position != text.Position || last.View != view)
            _lastSnapshot = last = (text.Position, view, _reply.With(text).ToSnapshot(view, links));
        return last.Frame;
    }

    Frame Delta(int from, int to)
    {
        var attempt = content.Attempt;
        if (_lastDelta is not { } last || last.Attempt != attempt || last.From != from || last.To != to)
            _lastDelta = last = (attempt, from, to, Frame.Write(EventTypes.Delta, data =>
            {
                data.WriteString("chat_id"u8, _reply.ChatId);
                data.WriteString("message_id"u8, _reply.MessageId);
                data.WriteNumber("attempt"u8, attempt);
                data.WriteNumber("offset"u8, from);
                data.WriteString("text"u8, content.Text(from, to));
            }));
        return last.Frame;
    }

    Frame Thought(int index, int from, string text)
    {
        var (attempt, to) = (content.Attempt, from + text.Length);
        if (_lastThought is not { } last || last.Attempt != attempt || last.Index != index || last.From != from
            || last.To != to)
            _lastThought = last = (attempt, index, from, to, Frame.Write(EventTypes.PartDelta, data =>
            {
                data.WriteString("chat_id"u8, _reply.ChatId);
                data.WriteString("message_id"u8, _reply.MessageId);
                data.WriteNumber("attempt"u8, attempt);
                data.WriteNumber("index"u8, index);
                data.WriteNumber("offset"u8, from);
                data.WriteString("text"u8, text);
            }));
        return last.Frame;
    }

    Frame WritePart(int index, long rev, Part part) => WritePart(_reply, content.Attempt, index, rev, part);

    /// <summary>A part of a reply, as this client sees it.</summary>
    public static Frame WritePart(
        PendingReply reply, long attempt, int index, long rev, Part part) => Frame.Write(EventTypes.Part, data =>
    {
        data.WriteString("chat_id"u8, reply.ChatId);
        data.WriteString("message_id"u8, reply.MessageId);
        data.WriteNumber("attempt"u8, attempt);
        data.WriteNumber("index"u8, index);
        data.WriteNumber("rev"u8, rev);
        data.WritePropertyName("part"u8);
        JsonSerializer.Serialize(data, part, WireJson.Part);
    });
}
