using Cote.Chats;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>What a subscription serves. Each kind has a limit for one user.</summary>
enum SubscriptionKind
{
    /// <summary>A socket, or the stream of all events.</summary>
    Connection,

    /// <summary>A long-poll, or the stream of one reply.</summary>
    Request,

    /// <summary>The stream of a share. It counts in no limit of the user, and shows the user nothing.</summary>
    Share,
}

/// <summary>
/// One connection's view of a user's events and streaming replies: a position in the log, and in
/// <see cref="ReplyPositions"/> how far the text of each pending reply was shown. It pulls: the transport asks for the
/// next frames when it has written the ones before, so a slow client holds no queue here. It knows no transport.
/// </summary>
sealed class Subscription : IAsyncDisposable
{
    static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly Subscriptions _owner;
    readonly SubscriptionFilter? _filter;
    readonly PartsView _view;
    readonly Wakeup _wakeup = new();
    readonly TransientFrames _transient = new();
    UserChannel _channel = null!;
    ReplyPositions _positions = null!;
    long _position;
    string _epoch = "";
    bool _isAttached;
    bool _isLookDue;

    Subscription(
        Subscriptions owner, CurrentUser user, SubscriptionKind kind, PartsView view, SubscriptionFilter? filter) =>
        (_owner, User, Kind, _view, _filter) = (owner, user, kind, view, filter);

    /// <summary>Who opened it, with which session or key, and when its token or the key expires.</summary>
    public CurrentUser User { get; }

    public string UserId => User.Id;

    public SubscriptionKind Kind { get; }

    /// <summary>Where this connection begins: the client's cursor, or the head.</summary>
    public Cursor Start { get; private set; }

    /// <summary>Why the events since the client's cursor cannot be given, or null where they can.</summary>
    public string? Reset { get; private set; }

    /// <summary>The last durable event that was handed out or passed over.</summary>
    public long Position => _position;

    /// <summary>Set when the server has decided to end the connection.</summary>
    public CloseReason? Closed { get; private set; }

    /// <summary>Of a login's socket: how far it has shown the log; null for all others.</summary>
    public Attention? Attention { get; set; }

    /// <summary>True when the one reply that it follows was shown to its end.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>When it last handed out a frame, by <see cref="Clock.Ticks"/>.</summary>
    public long LastFrameAt { get; private set; }

    /// <summary>After how long without a frame it hands out a ping.</summary>
    public TimeSpan PingAfter { get; set; } = TimeSpan.FromSeconds(25);

    public Cursor Cursor => CursorAt(_position);

    /// <summary>True when a new epoch began meanwhile: what is read now does not continue what was shown.</summary>
    public bool IsStaleEpoch => _owner.Log.Epoch != _epoch;

    public static async Task<Subscription> OpenAsync(
        Subscriptions owner, CurrentUser user, SubscriptionKind kind, PartsView view, Cursor? cursor, long replayMax,
        CancellationToken ct)
    {
        var subscription = new Subscription(owner, user, kind, view, null);
        await subscription.JoinAsync(cursor, replayMax, null, ct);
        return subscription;
    }

    public static async Task<Subscription> OpenAsync(
        Subscriptions owner, CurrentUser user, SubscriptionFilter filter, PartsView view, long? seq,
        CancellationToken ct)
    {
        var kind = filter is ChatFilter ? SubscriptionKind.Share : SubscriptionKind.Request;
        var subscription = new Subscription(owner, user, kind, view, filter);
        await subscription.JoinAsync(null, null, seq, ct);
        return subscription;
    }

    /// <summary>
    /// A cursor of the epoch that this subscription began with: under the name of a newer epoch its numbers would be
    /// those of other events.
    /// </summary>
    public Cursor CursorAt(long seq) => new(_epoch, seq);

    public void Wake() => _wakeup.Set();

    /// <summary>Whether it shows the text of a reply.</summary>
    public bool Shows(StreamingReply reply) => _filter?.Includes(reply.ChatId, reply.MessageId) != false;

    /// <summary>Waits for something to happen, at most so long.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken ct) =>
        _wakeup.WaitAsync(atMost, _owner.Clock.Provider, ct);

    /// <summary>Ends the connection with a reason; what is being written is finished first.</summary>
    public void Close(CloseReason reason)
    {
        Closed ??= reason;
        Wake();
    }

    /// <summary>Shows a frame that is not stored. It is dropped where the client does not keep up.</summary>
    public void Show(Frame frame)
    {
        if (_filter is null && _transient.Offer(frame))
            Wake();
    }

    /// <summary>The next frames, in order. Empty when the subscription was closed or is complete.</summary>
    public async ValueTask<IReadOnlyList<Frame>> NextAsync(CancellationToken ct)
    {
        var frames = new List<Frame>();
        while (Closed is null && !IsComplete)
        {
            var (page, isUnavailable) = await ReadAsync(frames, ct);
            if (IsStaleEpoch)
                Close(CloseReason.ShuttingDown);
            if (Closed is not null)
                return []; // What was being read is not this client's any more.
            foreach (var frame in page)
            {
                if (frame.Seq != _position + 1)
                {
                    // Events were trimmed under it: the client is told, never led over a hole.
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
                // Of those for viewers of a share few are shown: what counts is what is written.
                if (Kind != SubscriptionKind.Share)
                    LastFrameAt = _owner.Clock.Ticks;
                return frames;
            }
            if (isUnavailable)
                await WaitAsync(ReadAgainAfter, ct);
            else if (page.Count == 0 && !IsComplete)
                await _wakeup.WaitAsync(ct);
        }
        return frames;
    }

    /// <summary>The transport has written these frames to the end.</summary>
    public void OnWritten(IReadOnlyList<Frame> frames)
    {
        if (Kind == SubscriptionKind.Share)
        {
            LastFrameAt = _owner.Clock.Ticks;
            return;
        }
        foreach (var frame in frames)
            if (frame.AwaitsDelivery)
                _owner.Receipts.Add(UserId, frame.MessageId!);
        Attention?.OnWritten(frames);
    }

    /// <summary>The snapshot that tells the client of a pending reply; later frames go on from it.</summary>
    public Frame Begin(PendingReply reply) => _positions.Begin(reply);

    /// <summary>There is nothing more to wait for.</summary>
    public void Complete() => IsComplete = true;

    /// <summary>Called every second: a connection that was silent for too long gets a ping.</summary>
    public void PingIfIdle()
    {
        if (_owner.Clock.Since(LastFrameAt) < PingAfter)
            return;
        _transient.AddOnce(Frame.Ping);
        Wake();
    }

    /// <summary>
    /// The first frame of a connection. On SSE its cursor is the <c>id</c> that a browser resumes from.
    /// </summary>
    /// <param name="heartbeatMilliseconds">How often the server pings.</param>
    public Frame Ready(int heartbeatMilliseconds) => Frame.Write(EventTypes.Ready, data =>
    {
        data.WriteString("cursor"u8, Start.ToString());
        data.WriteNumber("heartbeat_ms"u8, heartbeatMilliseconds);
        data.WriteString("user_id"u8, UserId);
    }) with
    { Cursor = Start.ToString() };

    public ValueTask DisposeAsync()
    {
        _owner.Hub.Leave(_channel, this);
        return ValueTask.CompletedTask;
    }

    // While the database is unreachable a connection stays and shows what runs here; the log is read when it is back.
    async ValueTask<(IReadOnlyList<Frame> Page, bool IsUnavailable)> ReadAsync(List<Frame> frames, CancellationToken ct)
    {
        try
        {
            var page = await _channel.ReadAfterAsync(_position, _owner.Clock.Now, ct);
            // It was told of its one reply already.
            _isAttached |= _filter is ReplyFilter one && _positions.Has(one.ReplyId);
            if (page.Count == 0 && (!_isAttached || _isLookDue))
            {
                // Once, at the head of the log, and when one begins to wait or is answered: pending replies that run
                // nowhere have no streaming text to follow.
                var pending = await _owner.ListPendingAsync(UserId, ct);
                (_isAttached, _isLookDue) = (true, false);
                _positions.Attach(pending, _position, frames);
            }
            return (page, false);
        }
        catch (ProblemException error) when (error.Problem.Status >= 500)
        {
            return ([], true);
        }
    }

    async Task JoinAsync(Cursor? cursor, long? replayMax, long? seq, CancellationToken ct)
    {
        var openedAt = LastFrameAt = _owner.Clock.Ticks; // Before it joins: a new subscription is not an idle one.
        // It joins first and reads afterwards: what is committed in between wakes it, so nothing is missed.
        _channel = _owner.Hub.Join(this);
        try
        {
            _epoch = _owner.Log.Epoch;
            var (head, tail) = seq is { } known ? (known, 0) : await _owner.Log.BoundsAsync(UserId, ct);
            Start = cursor ?? CursorAt(head);
            Reset = cursor is not { } from ? null
                : from.Epoch != _epoch ? "epoch"
                : from.Seq > head ? "ahead"
                : from.Seq < tail ? "trimmed"
                : head - from.Seq > replayMax ? "too_far"
                : null;
            _position = Reset is null ? Start.Seq : head;
            _positions = new(_channel, _filter, _view, _owner.Links, _transient, _owner.Clock, openedAt, head);
            // A session that was revoked since its token was checked: the hub could not find this subscription before.
            if (_owner.Revocations.Contains(User.CredentialId))
                Close(CloseReason.SessionRevoked);
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
        (_position, _) = await _owner.Log.BoundsAsync(UserId, ct);
        frames.Add(Frame.Reset(reason, Cursor));
    }

    void AddDurable(Frame frame, List<Frame> frames)
    {
        if (_filter?.Includes(frame) == false)
            return;
        if (frame.Type == EventTypes.ChatDeleted)
            _positions.EndAllOf(frame.ChatId);
        if (frame.MessageId is not null && frame.Type is EventTypes.Message or EventTypes.MessageDeleted)
            _positions.End(frame, frames);
        if (frame.Type == EventTypes.MessageWaiting)
        {
            _positions.Wait(frame.MessageId!, frames);
            _isLookDue = true;
        }
        frames.Add(frame.In(_view));
        if (_filter?.EndsWith(frame) == true)
            IsComplete = true;
    }
}
