using System.Threading.Channels;
using Cote.Primitives;

namespace Cote.Events;

/// <summary>Everything a reader needs to know of the house.</summary>
sealed record Subscriptions(
    Hub Feeds, EventLog Log, ReadLog ReadLog, ReadOpenReplies ReadOpenReplies, IsRevoked IsRevoked, EventsOptions Options, Clock Clock);

/// <summary>
/// One user's events and live replies, for one connection: a place in the log, and in <see cref="ReplyPositions"/> how far
/// the text of each open reply was shown. It pulls: the transport asks for the next frames when it has written the ones
/// before, so a reader that is slow holds no queue here. Knows no transport.
/// </summary>
sealed class Subscription : IAsyncDisposable
{
    static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly Subscriptions _house;
    readonly ReplyFilter? _only;
    readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    readonly TransientFrames _asides = new();
    UserChannel _feed = null!;
    ReplyPositions _shown = null!;
    long _position;
    string _epoch = "";
    bool _attached;

    Subscription(Subscriptions house, string userId, ReplyFilter? only) => (_house, UserId, _only) = (house, userId, only);

    public string UserId { get; }

    /// <summary>Where this connection began, and whether it begins with a hole that it must be told of.</summary>
    public Cursor Start { get; private set; }

    /// <summary>Why the events since the client's cursor cannot be given, or null where they can.</summary>
    public string? Reset { get; private set; }

    /// <summary>The last durable event that was handed out or passed over.</summary>
    public long Position => _position;

    /// <summary>Set when this side has decided to end the connection.</summary>
    public CloseReason? Closed { get; private set; }

    /// <summary>True when the one reply it follows has been shown to its end.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>When it last handed out a frame.</summary>
    public long LastFrame { get; private set; }

    /// <summary>The session it was opened in, and until when its token works; without one it is the house's own.</summary>
    public (string Id, Timestamp Expires)? Session { get; private set; }

    /// <summary>After how long without a frame it hands out a ping.</summary>
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>A reader of all that is the user's, from <paramref name="cursor"/> or from the head.</summary>
    public static async Task<Subscription> OpenAsync(
        Subscriptions house, string userId, Cursor? cursor, CancellationToken ct, long? most = null)
    {
        var reader = new Subscription(house, userId, null);
        await reader.JoinAsync(cursor, most ?? house.Options.ReplayMaxEvents, ct);
        return reader;
    }

    /// <summary>
    /// A reader of one question and its reply only: of what comes from now on, or after <paramref name="seq"/>, which is known
    /// to be in the log.
    /// </summary>
    public static async Task<Subscription> OpenAsync(Subscriptions house, string userId, ReplyFilter only, CancellationToken ct, long? seq = null)
    {
        var reader = new Subscription(house, userId, only);
        await reader.JoinAsync(null, null, ct, seq);
        return reader;
    }

    public Cursor Cursor => CursorAt(_position);

    /// <summary>
    /// A place in the log that this reader reads. It is the one that it began with: under the name of a newer epoch its
    /// numbers would be those of other events.
    /// </summary>
    public Cursor CursorAt(long seq) => new(_epoch, seq);

    /// <summary>True when a new epoch has begun under it: nothing that is read from now on continues what it has shown.</summary>
    public bool IsStaleEpoch => _house.Log.Epoch != _epoch;

    /// <summary>
    /// Names the session that it shows things to. One that was revoked since its token was looked at is closed here: whoever
    /// revokes looks for readers of the session, and could not know this one as such before.
    /// </summary>
    public void BindSession(string sessionId, Timestamp expires)
    {
        Session = (sessionId, expires);
        if (_house.IsRevoked(sessionId))
            Close(CloseReason.SessionRevoked);
    }

    public void Wake() => _wakes.Writer.TryWrite(true);

    /// <summary>Ends the connection with a reason; what is being written is finished first.</summary>
    public void Close(CloseReason reason)
    {
        Closed ??= reason;
        Wake();
    }

    /// <summary>Shows a frame that is nobody's history. It is dropped where the reader has not kept up.</summary>
    public void Show(Frame frame)
    {
        if (_only is null && _asides.Offer(frame))
            Wake();
    }

    /// <summary>The next frames, in order. Empty when the reader was closed or is complete.</summary>
    public async ValueTask<IReadOnlyList<Frame>> NextAsync(CancellationToken ct)
    {
        var frames = new List<Frame>();
        while (Closed is null && !IsComplete)
        {
            var (page, isAway) = await ReadAsync(frames, ct);
            if (IsStaleEpoch)
                Close(CloseReason.ShuttingDown);
            if (Closed is not null)
                return []; // what was being read is nobody's any more
            foreach (var frame in page)
            {
                if (frame.Seq != _position + 1)
                {
                    // Trimmed under it: said, never skipped over in silence.
                    await ResetAsync(frames, "trimmed", ct);
                    break;
                }
                AddDurable(frame, frames);
                _position = frame.Seq;
            }
            if (page.Count == 0)
            {
                _shown.Advance(_position, frames);
                _asides.MoveTo(frames);
            }
            if (frames.Count > 0)
            {
                LastFrame = _house.Clock.Ticks;
                return frames;
            }
            if (isAway)
                await WaitAsync(ReadAgainAfter, ct);
            else if (page.Count == 0 && !IsComplete)
            {
                await _wakes.Reader.WaitToReadAsync(ct);
                _wakes.Reader.TryRead(out _);
            }
        }
        return frames;
    }

    // While the database is away a connection stays, and is shown what runs here; the log is read when it is back.
    async ValueTask<(IReadOnlyList<Frame> Page, bool IsAway)> ReadAsync(List<Frame> frames, CancellationToken ct)
    {
        try
        {
            var page = await _feed.AfterAsync(_position, _house.ReadLog, _house.Clock.Now, ct);
            _attached |= _only is not null && _shown.Has(_only.Reply); // it was told of its one reply already
            if (page.Count == 0 && !_attached)
                await AttachAsync(frames, ct);
            return (page, false);
        }
        catch (ProblemException error) when (error.Problem.Status >= 500)
        {
            return ([], true);
        }
    }

    /// <summary>The transport has written these frames to the end.</summary>
    public void Written(IReadOnlyList<Frame> frames)
    {
        foreach (var frame in frames)
            if (frame.AwaitsDelivery)
                _house.Feeds.Delivered.TryAdd(frame.MessageId!, (UserId, frame.ChatId!));
    }

    /// <summary>The client is told of an open reply by this snapshot; what follows goes on from it.</summary>
    public Frame Begin(PendingReply reply) => _shown.Begin(reply);

    /// <summary>There is nothing more to wait for.</summary>
    public void Complete() => IsComplete = true;

    /// <summary>Called every second: a reader that was silent for too long gets a ping.</summary>
    public void PingIfIdle()
    {
        if (_house.Clock.Since(LastFrame) < Silence)
            return;
        _asides.AddOnce(Frame.Ping);
        Wake();
    }

    public ValueTask DisposeAsync()
    {
        _house.Feeds.Leave(_feed, this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for something to happen, at most so long.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(most, _house.Clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await _wakes.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // nothing happened
        }
    }

    /// <summary>The text of a reply as it is known here, which may be more than its row has.</summary>
    public (long Attempt, string Content)? LiveTextOf(string messageId) =>
        _feed.Find(messageId) is { IsShown: true } reply ? reply.Read() : null;

    /// <summary>The first frame of a connection.</summary>
    public Frame Ready(int heartbeatMilliseconds) => Frame.Write(EventTypes.Ready, data =>
    {
        data.WriteString("cursor"u8, Start.ToString());
        data.WriteNumber("heartbeat_ms"u8, heartbeatMilliseconds);
        data.WriteString("user_id"u8, UserId);
    });

    public static Frame ResetFrame(string reason, Cursor cursor) => Frame.Write(EventTypes.Reset, data =>
    {
        data.WriteString("reason"u8, reason);
        data.WriteString("cursor"u8, cursor.ToString());
    });

    async Task JoinAsync(Cursor? cursor, long? most, CancellationToken ct, long? seq = null)
    {
        var opened = LastFrame = _house.Clock.Ticks; // before it joins: who has only just come is no silent one
        // Joined first, read afterwards: what is committed in between wakes it, so nothing falls through.
        _feed = _house.Feeds.Join(UserId, this);
        try
        {
            _epoch = _house.Log.Epoch;
            var (head, tail) = seq is { } known ? (known, 0) : await _house.Log.BoundsAsync(UserId, ct);
            Start = cursor ?? CursorAt(head);
            Reset = cursor is not { } from ? null
                : from.Epoch != _epoch ? "epoch"
                : from.Seq > head ? "ahead"
                : from.Seq < tail ? "trimmed"
                : head - from.Seq > most ? "too_far"
                : null;
            _position = Reset is null ? Start.Seq : head;
            _shown = new(_feed, _only, _asides, _house.Clock, opened, head);
            Wake();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    async Task ResetAsync(List<Frame> frames, string reason, CancellationToken ct)
    {
        var (head, _) = await _house.Log.BoundsAsync(UserId, ct);
        _position = head;
        frames.Add(ResetFrame(reason, Cursor));
    }

    void AddDurable(Frame frame, List<Frame> frames)
    {
        if (_only?.Shows(frame) == false)
            return;
        if (frame.Type == EventTypes.ChatDeleted)
            _shown.EndAllOf(frame.ChatId);
        if (frame.MessageId is not null && frame.Type is EventTypes.Message or EventTypes.MessageDeleted && _shown.End(frame) is { } rest)
            frames.Add(rest);
        frames.Add(frame);
        if (_only?.EndsWith(frame) == true)
            IsComplete = true;
    }

    // Once, when the log has been read to its head: the replies that nobody makes here have no live text to follow.
    async Task AttachAsync(List<Frame> frames, CancellationToken ct)
    {
        var open = await _house.ReadOpenReplies(UserId, ct);
        _attached = true;
        _shown.Attach(open, _position, frames);
    }
}
