using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>
/// How far one client was shown the text of each pending reply. Text goes on from there, whichever node makes the
/// reply; none comes before the event of its question, and none after that of its end.
/// </summary>
/// <param name="channel">The user's channel, which has the streaming replies.</param>
/// <param name="filter">What this client is shown, or null for all.</param>
/// <param name="view">How much of the parts it is shown.</param>
/// <param name="links">Signs the URLs of files.</param>
/// <param name="transient">Takes the AI's typing.</param>
/// <param name="clock">Measures how long the client has been here.</param>
/// <param name="openedAt">When it came, by <see cref="Clock.Ticks"/>.</param>
/// <param name="head">The end of the log at that time: replies that ended before it are not shown as they
/// happen.</param>
sealed class ReplyPositions(
    UserChannel channel, SubscriptionFilter? filter, PartsView view, MediaLinks links, TransientFrames transient,
    Clock clock, long openedAt, long head)
{
    const int MaxEnded = 16;

    static readonly TimeSpan CatchesUpWithin = TimeSpan.FromSeconds(2);
    static readonly TimeSpan CatchesUpByBusWithin = TimeSpan.FromMilliseconds(500);

    readonly Dictionary<string, Known> _replies = [];
    readonly Queue<string> _ended = [];

    sealed class Known
    {
        public string? ChatId;
        public StreamingReply? Streaming;
        public ReplyPosition Position = ReplyPosition.None;
        public bool IsTyping;
        public bool HasEnded;

        /// <summary>What it was before it began to wait: it may be met a moment longer, and types no more.</summary>
        public StreamingReply? Waiting;

        /// <summary>
        /// A client that comes from the reply's home node may have more of its text than is known here. It would ignore
        /// a delta that begins before its end, and the next one would leave a hole: until this node has caught up, the
        /// text is shown whole.
        /// </summary>
        public bool MayBeBehind;
    }

    /// <summary>Whether the client was told of this reply.</summary>
    public bool Has(string replyId) => _replies.ContainsKey(replyId);

    /// <summary>The snapshot that tells the client of a pending reply; later frames go on from it.</summary>
    public Frame Begin(PendingReply reply)
    {
        _replies[reply.MessageId] = new()
        {
            ChatId = reply.ChatId,
            Position = reply.Text.Position,
            MayBeBehind = IsYoung(CatchesUpWithin),
        };
        return reply.ToSnapshot(view, links);
    }

    /// <summary>
    /// Tells of pending replies that run nowhere, to a client that has seen the log up to <paramref name="position"/>.
    /// </summary>
    public void Attach(IReadOnlyList<PendingReply> pending, long position, List<Frame> frames)
    {
        // A node that follows a reply may not know yet that it has ended, by an event that this client has seen.
        foreach (var followed in channel.Replies)
            if (followed.Home is not null && followed.BegunSeq <= position && !Has(followed.MessageId)
                && pending.All(x => x.MessageId != followed.MessageId))
                RememberEnded(followed.MessageId);
        foreach (var reply in pending)
        {
            // Of one that nobody makes the row has everything; what is followed here of it may be behind, and goes.
            var isMade = reply.Home is not null;
            if (reply.BegunSeq > position || filter?.Includes(reply.ChatId, reply.MessageId) == false
                || (isMade && channel.FindReply(reply.MessageId) is not null))
                continue;
            if (!_replies.TryGetValue(reply.MessageId, out var known))
                frames.Add(Begin(reply));
            else if (!isMade && !known.HasEnded && reply.Text.Position.IsNewerThan(known.Position))
                CatchUp(reply, known, frames);
        }
    }

    // What was shown of it as it ran may be less than what is stored, and others answer its calls.
    void CatchUp(PendingReply reply, Known known, List<Frame> frames)
    {
        var (at, end) = (known.Position, reply.Text.Position);
        known.Position = end;
        if (at.Attempt != end.Attempt || at.Length != end.Length)
        {
            frames.Add(reply.ToSnapshot(view, links));
            return;
        }
        foreach (var (index, item) in reply.Parts.Items.Index())
            if (item.Rev > at.Rev && view != PartsView.None)
                frames.Add(ReplyFrames.WritePart(
                    reply, reply.Attempt, index, item.Rev, item.Part.In(view).Signed(links)));
    }

    /// <summary>A reply begins to wait: adds what the client is to be shown before that. Nobody types.</summary>
    public void Wait(string replyId, List<Frame> frames)
    {
        if (!_replies.TryGetValue(replyId, out var known) || known.HasEnded)
            return;
        known.Waiting = known.Streaming ?? channel.FindReply(replyId);
        if (known.Waiting is { } last)
            Advance(last, known, frames);
        if (known.IsTyping)
            transient.Add(Frame.Typing(known.ChatId!, "ai", false));
        (known.Streaming, known.IsTyping) = (null, false);
    }

    /// <summary>Adds the new text of replies whose question the client has seen.</summary>
    public void Advance(long position, List<Frame> frames)
    {
        var streaming = channel.Replies;
        foreach (var reply in streaming)
        {
            if (reply.BegunSeq > position || filter?.Includes(reply.ChatId, reply.MessageId) == false)
                continue;
            if (!_replies.TryGetValue(reply.MessageId, out var known))
            {
                // Its end may be in the log before this client's beginning: no text is shown after that.
                if ((reply.IsEnding && reply.BegunSeq <= head) || _ended.Contains(reply.MessageId))
                    continue;
                _replies[reply.MessageId] = known =
                    new() { ChatId = reply.ChatId, MayBeBehind = IsYoung(CatchesUpWithin) };
            }
            if (known.HasEnded)
                continue;
            if (known.Streaming != reply)
            {
                known.Streaming = reply;
                if (filter is null && reply != known.Waiting)
                {
                    known.IsTyping = true;
                    transient.Add(Frame.Typing(reply.ChatId, "ai", true));
                }
            }
            Advance(reply, known, frames);
        }
        ForgetEnded(streaming);
    }

    /// <summary>A reply ends, or is deleted, by this event. Adds what the client is to be shown before it.</summary>
    public void End(Frame end, List<Frame> frames)
    {
        var id = end.MessageId!;
        RememberEnded(id);
        if (_replies.TryGetValue(id, out var known))
        {
            known.HasEnded = true;
            // A client that has followed the deltas gets the last one too, and then the whole message, which always
            // wins.
            known.Streaming ??= channel.FindReply(id);
            if (end.Type == EventTypes.Message && known.Streaming is { } last)
                Advance(last, known, frames);
        }
        else if (channel.FindReply(id) is { } streaming)
        {
            // The end is in the log before the reply is removed here: a client that meets the end first is shown no
            // text after it.
            _replies[id] = new() { ChatId = streaming.ChatId, Streaming = streaming, HasEnded = true };
        }
    }

    /// <summary>A chat is deleted with all its replies.</summary>
    public void EndAllOf(string? chatId)
    {
        foreach (var deleted in _replies.Values.Where(x => x.ChatId == chatId))
            deleted.HasEnded = true;
    }

    bool IsYoung(TimeSpan age) => clock.Since(openedAt) < age;

    void Advance(StreamingReply reply, Known known, List<Frame> frames)
    {
        var whole = reply.Home is not null && known.MayBeBehind;
        var before = frames.Count;
        reply.Advance(ref known.Position, frames, view, whole, wasThere: reply.BeganAt >= openedAt);
        // Over the bus the home node sends all it has as soon as it is asked; a checkpoint is a second old at the most.
        if (whole && frames.Count > before
            && !IsYoung(reply.WasUpdatedWithin(CatchesUpWithin) ? CatchesUpByBusWithin : CatchesUpWithin))
            known.MayBeBehind = false;
    }

    // A reply of another node may seem pending for a moment longer than it is.
    void RememberEnded(string id)
    {
        _ended.Enqueue(id);
        if (_ended.Count > MaxEnded)
            _ended.Dequeue();
    }

    void ForgetEnded(StreamingReply[] streaming)
    {
        foreach (var (id, known) in _replies)
        {
            // A reply that is removed here without an end in the log was handed over: it may come back under the same
            // id.
            if (!known.HasEnded || (known.Streaming is not null && streaming.Contains(known.Streaming)))
                continue;
            _replies.Remove(id);
            if (known.IsTyping)
                transient.Add(Frame.Typing(known.ChatId!, "ai", false));
        }
    }
}
