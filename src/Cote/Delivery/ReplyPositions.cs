using Cote.Events;
using Cote.Primitives;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>
/// What one client was shown of the replies that have not ended: of each, how far. Text goes on from there, whoever makes
/// the reply; none comes before the event of its question, and none after that of its end.
/// </summary>
/// <param name="channel">Where the texts are.</param>
/// <param name="filter">The one reply that this client is shown, or null for all.</param>
/// <param name="transient">Takes word of who is typing.</param>
/// <param name="clock">Measures how long the client has been here.</param>
/// <param name="opened">When it came, by <see cref="Clock.Ticks"/>.</param>
/// <param name="head">Where the log ended then: what was in it is not shown as it happens.</param>
sealed class ReplyPositions(UserChannel channel, ReplyFilter? filter, TransientFrames transient, Clock clock, long opened, long head)
{
    const int MostEnded = 16;

    static readonly TimeSpan CatchesUpWithin = TimeSpan.FromSeconds(2);
    static readonly TimeSpan CatchesUpByBusWithin = TimeSpan.FromMilliseconds(500);

    readonly Dictionary<string, ReplyPosition> _follows = [];
    readonly Queue<string> _ended = [];

    // How far the client was shown the text of one reply, whoever makes it; `Live` once it is made here.
    sealed class ReplyPosition
    {
        public string? ChatId;
        public StreamingReply? Live;
        public bool Typing;
        public long Attempt = -1;
        public int Length = -1;
        public bool Ended;

        /// <summary>
        /// Who comes from the node that makes it may have more of its text than is known here yet. A delta would be ignored
        /// where it goes on from less, and the next one would leave a hole: until this node has caught up, the text is shown whole.
        /// </summary>
        public bool MayBeBehind;
    }

    /// <summary>Was the client told of this reply?</summary>
    public bool Has(string replyId) => _follows.ContainsKey(replyId);

    /// <summary>The client is told of an open reply by this snapshot; what follows goes on from it.</summary>
    public Frame Begin(PendingReply reply)
    {
        _follows[reply.MessageId] = new()
        {
            ChatId = reply.ChatId,
            Attempt = reply.Attempt,
            Length = reply.Content.Length,
            MayBeBehind = IsYoung(CatchesUpWithin),
        };
        return reply.ToSnapshot();
    }

    /// <summary>Tells of the open replies that nobody makes here, to a client that has seen the log up to <paramref name="position"/>.</summary>
    public void Attach(IEnumerable<PendingReply> open, long position, List<Frame> frames)
    {
        foreach (var reply in open)
            if (reply.QuestionSeq <= position && (filter is null || filter.Reply == reply.MessageId)
                && channel.Find(reply.MessageId) is null && !_follows.ContainsKey(reply.MessageId))
                frames.Add(Begin(reply));
    }

    /// <summary>What has come meanwhile of those whose question the client has seen.</summary>
    public void Advance(long seq, List<Frame> frames)
    {
        var live = channel.Live;
        foreach (var reply in live)
        {
            if (reply.QuestionSeq > seq || (filter is not null && filter.Reply != reply.MessageId))
                continue;
            if (!_follows.TryGetValue(reply.MessageId, out var position))
            {
                // Its end may stand in the log before the place where this reader began: nothing is shown after that.
                if ((reply.IsEnding && reply.QuestionSeq <= head) || _ended.Contains(reply.MessageId))
                    continue;
                _follows[reply.MessageId] = position = new() { ChatId = reply.ChatId, MayBeBehind = IsYoung(CatchesUpWithin) };
            }
            if (position.Live != reply && !position.Ended)
            {
                position.Live = reply;
                if (filter is null)
                {
                    position.Typing = true;
                    transient.Add(Frame.Typing(reply.ChatId, "ai", true));
                }
            }
            if (!position.Ended && Advance(reply, position) is { } frame)
                frames.Add(frame);
        }
        ForgetEnded(live);
    }

    /// <summary>A reply ends, or is deleted, by this event; what the client is to be shown before it.</summary>
    public Frame? End(Frame end)
    {
        var id = end.MessageId!;
        Remember(id);
        if (_follows.TryGetValue(id, out var position))
        {
            position.Ended = true;
            // Who has followed from the first delta gets the last one too, and then the whole, which always wins. So does who
            // was told of it before it began to be made here, and has met its end before any look at its text.
            position.Live ??= channel.Find(id);
            return end.Type == EventTypes.Message && position.Live is { } last ? Advance(last, position) : null;
        }
        // Its end is in the log before it is gone from here: who meets the end first is shown no text after it.
        if (channel.Find(id) is { } streaming)
            _follows[id] = new() { ChatId = streaming.ChatId, Live = streaming, Ended = true };
        return null;
    }

    /// <summary>The chat is gone, with all its replies.</summary>
    public void EndAllOf(string? chatId)
    {
        foreach (var gone in _follows.Values.Where(x => x.ChatId == chatId))
            gone.Ended = true;
    }

    bool IsYoung(TimeSpan age) => clock.Since(opened) < age;

    Frame? Advance(StreamingReply reply, ReplyPosition position)
    {
        if (reply.Home is null || !position.MayBeBehind)
            return reply.Advance(ref position.Attempt, ref position.Length);
        var frame = reply.Advance(ref position.Attempt, ref position.Length, whole: true);
        // Over the bus its home tells all it has as soon as it is asked; a checkpoint is a second old at most.
        if (frame is not null && !IsYoung(reply.WasFedWithin(CatchesUpWithin) ? CatchesUpByBusWithin : CatchesUpWithin))
            position.MayBeBehind = false;
        return frame;
    }

    // One that another node makes may seem open for a moment longer than it is.
    void Remember(string ended)
    {
        _ended.Enqueue(ended);
        if (_ended.Count > MostEnded)
            _ended.Dequeue();
    }

    void ForgetEnded(StreamingReply[] live)
    {
        foreach (var (id, position) in _follows)
        {
            // One that is gone from here without its end in the log was handed over: it may come back under the same id.
            if (!position.Ended || (position.Live is not null && live.Contains(position.Live)))
                continue;
            _follows.Remove(id);
            if (position.Typing)
                transient.Add(Frame.Typing(position.ChatId!, "ai", false));
        }
    }
}
