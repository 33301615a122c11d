using System.Text;

namespace Cote.Client;

/// <summary>
/// A reply that has not ended: its text and parts so far, by the tables of docs/realtime.md. What begins behind what is
/// known is held back until what is missing has come.
/// </summary>
sealed class OpenReply
{
    const int MostHeld = 1000;

    readonly StringBuilder _text = new();
    readonly List<Part> _parts = [];
    readonly List<long> _revs = [];
    readonly List<Func<Grown>> _held = [];
    Message _message;
    Message? _now;

    enum Grown
    {
        Ignored,
        Applied,
        Held,
    }

    public OpenReply(Message message)
    {
        _message = message;
        Replace(message.Content, message.Parts, 0);
    }

    public string ChatId => _message.ChatId;

    public string? ParentId => _message.ParentId;

    public long Seq => _message.Seq;

    /// <summary>The message as it stands.</summary>
    public Message Now => _now ??= _message with
    {
        Content = _text.ToString(),
        Parts = _parts.Count == 0 ? null : [.. _parts],
    };

    long Attempt => _message.Generation?.Attempt ?? 0;

    /// <summary>Changes what is neither text nor parts.</summary>
    public void Change(Func<Message, Message> change)
    {
        _message = change(_message);
        _now = null;
    }

    /// <summary>It waits for answers, or for its turn, or goes on.</summary>
    public void Become(string state) =>
        Change(x => x with { Generation = (x.Generation ?? new()) with { State = state } });

    /// <summary>A fetched message: of the same attempt the longer text stays.</summary>
    public void Merge(Message message)
    {
        if (IsNewer(message.Generation?.Attempt ?? 0, message.Content.Length))
        {
            _message = message;
            Replace(message.Content, message.Parts, 0);
            Retry();
            return;
        }
        Change(x => message with { Generation = x.Generation });
    }

    /// <summary>What stands so far, whole.</summary>
    public void Show(Snapshot snapshot)
    {
        var content = snapshot.Content ?? "";
        if (snapshot.Attempt < Attempt)
            return;
        var lastRev = _revs.DefaultIfEmpty(0).Max();
        if (snapshot.Attempt == Attempt && (content.Length < _text.Length || (snapshot.Rev ?? 0) < lastRev))
            return;
        var state = _message.Generation?.State ?? "running";
        _message = _message with
        {
            Seq = snapshot.Seq,
            ParentId = snapshot.ParentId,
            Siblings = snapshot.Siblings ?? _message.Siblings,
            Generation = (_message.Generation ?? new()) with
            {
                State = state == "queued" ? "running" : state,
                Attempt = snapshot.Attempt,
                Model = snapshot.Model ?? _message.Generation?.Model,
            },
        };
        Replace(content, snapshot.Parts, snapshot.Rev ?? 0);
        _held.Clear();
    }

    /// <summary>More text.</summary>
    public void Take(Delta delta) => Take(() => Append(delta));

    /// <summary>More of a thought.</summary>
    public void TakeThought(Delta delta) => Take(() => Grow(delta));

    /// <summary>A part, whole.</summary>
    public void Take(PartChange change) => Take(() => Put(change));

    void Take(Func<Grown> grow)
    {
        if (Try(grow) == Grown.Applied)
            Retry();
    }

    Grown Try(Func<Grown> grow)
    {
        var grown = grow();
        if (grown == Grown.Held)
        {
            if (_held.Count >= MostHeld)
                _held.RemoveAt(0);
            _held.Add(grow);
        }
        return grown;
    }

    void Retry()
    {
        for (var goesOn = true; goesOn;)
        {
            var held = _held.ToList();
            _held.Clear();
            goesOn = false;
            foreach (var grow in held)
                goesOn |= Try(grow) == Grown.Applied;
        }
    }

    Grown Append(Delta delta)
    {
        if (delta.Attempt < Attempt)
            return Grown.Ignored;
        if (delta.Attempt > Attempt)
        {
            if (delta.Offset > 0)
                return Grown.Held;
            // What was shown is taken back.
            Replace(delta.Text, null, 0);
            Change(x => x with { Generation = (x.Generation ?? new()) with { Attempt = delta.Attempt } });
            Become("running");
            return Grown.Applied;
        }
        var known = _text.Length - delta.Offset;
        if (known < 0)
            return Grown.Held;
        if (known >= delta.Text.Length)
            return Grown.Ignored;
        // What begins before the end of what is known, and ends behind it, brings its tail.
        _text.Append(delta.Text, known, delta.Text.Length - known);
        if (_parts is [.., { Type: "text" } last])
            _parts[^1] = last with { End = _text.Length };
        Become("running");
        return Grown.Applied;
    }

    Grown Put(PartChange change)
    {
        if (change.Attempt != Attempt)
            return Grown.Ignored;
        if (change.Index > _parts.Count)
            return Grown.Held;
        if (change.Index == _parts.Count)
        {
            _parts.Add(change.Part);
            _revs.Add(change.Rev);
        }
        else if (change.Rev > _revs[change.Index])
            (_parts[change.Index], _revs[change.Index]) = (change.Part, change.Rev);
        else
            return Grown.Ignored;
        _now = null;
        return Grown.Applied;
    }

    Grown Grow(Delta delta)
    {
        if (delta.Attempt != Attempt)
            return Grown.Ignored;
        if (delta.Index >= _parts.Count || delta.Offset > _parts[delta.Index].Reached)
            return Grown.Held;
        var part = _parts[delta.Index];
        var known = part.Reached - delta.Offset;
        if (known >= delta.Text.Length)
            return Grown.Ignored;
        // Without its beginning a thought is a number of units, not a text.
        var isWhole = (part.Text?.Length ?? 0) == part.Reached;
        _parts[delta.Index] = part with
        {
            Length = delta.Offset + delta.Text.Length,
            Text = isWhole ? part.Text + delta.Text[known..] : part.Text,
        };
        _now = null;
        return Grown.Applied;
    }

    bool IsNewer(long attempt, int length) =>
        attempt > Attempt || (attempt == Attempt && length > _text.Length);

    void Replace(string content, IReadOnlyList<Part>? parts, long rev)
    {
        _text.Clear().Append(content);
        _parts.Clear();
        _parts.AddRange(parts ?? []);
        _revs.Clear();
        _revs.AddRange(_parts.Select(_ => rev));
        _now = null;
    }
}
