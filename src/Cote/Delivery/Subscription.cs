using System.Threading.Channels;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;

namespace Cote.Delivery;

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

    readonly Subscriptions _subscriptions;
    readonly ReplyFilter? _filter;
    readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    readonly TransientFrames _transient = new();
    UserChannel _channel = null!;
    ReplyPositions _positions = null!;
    long _position;
    string _epoch = "";
    bool _attached;

    Subscription(Subscriptions subscriptions, string userId, ReplyFilter? filter) => (_subscriptions, UserId, _filter) = (subscriptions, userId, filter);

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
        Subscriptions subscriptions, string userId, Cursor? cursor, CancellationToken ct, long? most = null)
    {
        var subscription = new Subscription(subscriptions, userId, null);
        await subscription.JoinAsync(cursor, most ?? subscriptions.Options.ReplayMaxEvents, ct);
        return subscription;
    }

    /// <summary>
    /// A reader of one question and its reply only: of what comes from now on, or after <paramref name="seq"/>, which is known
    /// to be in the log.
    /// </summary>
    public static async Task<Subscription> OpenAsync(Subscriptions subscriptions, string userId, ReplyFilter filter, CancellationToken ct, long? seq = null)
    {
        var subscription = new Subscription(subscriptions, userId, filter);
        await subscription.JoinAsync(null, null, ct, seq);
        return subscription;
    }

    public Cursor Cursor => CursorAt(_position);

    /// <summary>
    /// A place in the log that this reader reads. It is the one that it began with: under the name of a newer epoch its
    /// numbers would be those of other events.
    /// </summary>
    public Cursor CursorAt(long seq) => new(_epoch, seq);

    /// <summary>True when a new epoch has begun under it: nothing that is read from now on continues what it has shown.</summary>
    public bool IsStaleEpoch => _subscriptions.Log.Epoch != _epoch;

    /// <summary>
    /// Names the session that it shows things to. One that was revoked since its token was looked at is closed here: whoever
    /// revokes looks for readers of the session, and could not know this one as such before.
    /// </summary>
    public void BindSession(string sessionId, Timestamp expires)
    {
        Session = (sessionId, expires);
        if (_subscriptions.IsRevoked(sessionId))
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
        if (_filter is null && _transient.Offer(frame))
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
                _positions.Advance(_position, frames);
                _transient.MoveTo(frames);
            }
            if (frames.Count > 0)
            {
                LastFrame = _subscriptions.Clock.Ticks;
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
            var page = await _channel.AfterAsync(_position, _subscriptions.ReadLog, _subscriptions.Clock.Now, ct);
            _attached |= _filter is not null && _positions.Has(_filter.Reply); // it was told of its one reply already
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
                _subscriptions.Feeds.Delivered.TryAdd(frame.MessageId!, (UserId, frame.ChatId!));
    }

    /// <summary>The client is told of an open reply by this snapshot; what follows goes on from it.</summary>
    public Frame Begin(PendingReply reply) => _positions.Begin(reply);

    /// <summary>There is nothing more to wait for.</summary>
    public void Complete() => IsComplete = true;

    /// <summary>Called every second: a reader that was silent for too long gets a ping.</summary>
    public void PingIfIdle()
    {
        if (_subscriptions.Clock.Since(LastFrame) < Silence)
            return;
        _transient.AddOnce(Frame.Ping);
        Wake();
    }

    public ValueTask DisposeAsync()
    {
        _subscriptions.Feeds.Leave(_channel, this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for something to happen, at most so long.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(most, _subscriptions.Clock.Provider);
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
        _channel.Find(messageId) is { IsShown: true } reply ? reply.Read() : null;

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
        var opened = LastFrame = _subscriptions.Clock.Ticks; // before it joins: who has only just come is no silent one
        // Joined first, read afterwards: what is committed in between wakes it, so nothing falls through.
        _channel = _subscriptions.Feeds.Join(UserId, this);
        try
        {
            _epoch = _subscriptions.Log.Epoch;
            var (head, tail) = seq is { } known ? (known, 0) : await _subscriptions.Log.BoundsAsync(UserId, ct);
            Start = cursor ?? CursorAt(head);
            Reset = cursor is not { } from ? null
                : from.Epoch != _epoch ? "epoch"
                : from.Seq > head ? "ahead"
                : from.Seq < tail ? "trimmed"
                : head - from.Seq > most ? "too_far"
                : null;
            _position = Reset is null ? Start.Seq : head;
            _positions = new(_channel, _filter, _transient, _subscriptions.Clock, opened, head);
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
        var (head, _) = await _subscriptions.Log.BoundsAsync(UserId, ct);
        _position = head;
        frames.Add(ResetFrame(reason, Cursor));
    }

    void AddDurable(Frame frame, List<Frame> frames)
    {
        if (_filter?.Shows(frame) == false)
            return;
        if (frame.Type == EventTypes.ChatDeleted)
            _positions.EndAllOf(frame.ChatId);
        if (frame.MessageId is not null && frame.Type is EventTypes.Message or EventTypes.MessageDeleted && _positions.End(frame) is { } rest)
            frames.Add(rest);
        frames.Add(frame);
        if (_filter?.EndsWith(frame) == true)
            IsComplete = true;
    }

    // Once, when the log has been read to its head: the replies that nobody makes here have no live text to follow.
    async Task AttachAsync(List<Frame> frames, CancellationToken ct)
    {
        var open = await _subscriptions.ReadOpenReplies(UserId, ct);
        _attached = true;
        _positions.Attach(open, _position, frames);
    }
}
