using System.Threading.Channels;
using Cote.Cluster;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>A chat in which a reply waits, or a reply that was claimed for this node when its question was stored.</summary>
readonly record struct ReplyJob(string UserId, string ChatId, PendingReplyRow? Claimed);

/// <summary>
/// Where Messages leave word for Assistants, whom they do not know: here waits a reply, this one should stop. Every
/// word is a hint; the truth stands in the rows, and a sweep finds what was not heard.
/// </summary>
sealed class ReplyQueue
{
    const int MostHints = 100_000;
    static readonly TimeSpan EarlyWishes = TimeSpan.FromSeconds(30);

    readonly Channel<ReplyJob> _work;
    readonly NodeNotifier _notifier;
    readonly Clock _clock;
    readonly int _places;
    readonly Dictionary<string, CancellationTokenSource> _running = [];
    readonly Dictionary<string, long> _early = []; // wishes that came before their reply began here
    int _taken;
    bool _closed;

    public ReplyQueue(Node node, NodeNotifier notifier, Clock clock, int places)
    {
        (Node, _notifier, _clock, _places) = (node.Id, notifier, clock, places);
        // Room for every claimed reply, which must not be lost, beside the hints, which may.
        _work = Channel.CreateBounded<ReplyJob>(new BoundedChannelOptions(places + MostHints) { FullMode = BoundedChannelFullMode.DropWrite });
        notifier.Received += notification =>
        {
            if (notification.Kind == NotificationKind.StopRequested)
                StopHere(notification.UserId, notification.Id);
            else if (notification.Kind == NotificationKind.ReplyWaiting)
                Wake(notification.UserId, notification.Id);
        };
    }

    /// <summary>This node as an owner of replies: another one at every start.</summary>
    public string Node { get; }

    public ChannelReader<ReplyJob> Reader => _work.Reader;

    /// <summary>Takes one of the places for replies that run at the same time.</summary>
    public bool TryAcquireSlot()
    {
        if (!_closed && Interlocked.Increment(ref _taken) <= _places)
            return true;
        if (!_closed)
            Interlocked.Decrement(ref _taken);
        return false;
    }

    public void ReleaseSlot() => Interlocked.Decrement(ref _taken);

    /// <summary>From now on nothing is claimed here.</summary>
    public void Close() => _closed = true;

    /// <summary>A reply waits in this chat.</summary>
    public void Wake(string userId, string chatId)
    {
        if (_work.Reader.Count < MostHints)
            _work.Writer.TryWrite(new(userId, chatId, null));
    }

    /// <summary>This reply is claimed for this node, with a place taken.</summary>
    public void Start(PendingReplyRow claimed) => _work.Writer.TryWrite(new(claimed.UserId, claimed.ChatId, claimed));

    /// <summary>The reply is being made here: <see cref="Stop"/> cancels this.</summary>
    public void Add(string userId, string replyId, CancellationTokenSource stop)
    {
        lock (_running)
        {
            _running[userId + replyId] = stop;
            if (_early.Remove(userId + replyId))
                stop.CancelAfter(TimeSpan.Zero);
        }
    }

    public void Remove(string userId, string replyId)
    {
        lock (_running)
            _running.Remove(userId + replyId);
    }

    /// <summary>Is it being made here, or about to be?</summary>
    public bool IsRunning(string userId, string replyId)
    {
        lock (_running)
            return _running.ContainsKey(userId + replyId);
    }

    /// <summary>Somebody wants the reply to stop, wherever it is made; its row says so already.</summary>
    public void Stop(string userId, string replyId)
    {
        StopHere(userId, replyId);
        _notifier.Publish(new(NotificationKind.StopRequested, userId, replyId));
    }

    /// <summary>The same, known to all that it concerns elsewhere.</summary>
    public void StopHere(string userId, string replyId)
    {
        lock (_running)
        {
            // Not on this thread: whoever stops must not run what follows the end of a stream.
            if (_running.TryGetValue(userId + replyId, out var stop))
                stop.CancelAfter(TimeSpan.Zero);
            else
                _early[userId + replyId] = _clock.Ticks;
        }
    }

    /// <summary>Forgets wishes whose reply never began here.</summary>
    public void ForgetEarlyStops()
    {
        lock (_running)
            foreach (var (key, at) in _early)
                if (_clock.Since(at) > EarlyWishes)
                    _early.Remove(key);
    }
}
