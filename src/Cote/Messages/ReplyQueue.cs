using System.Collections.Concurrent;
using System.Threading.Channels;
using Cote.Primitives;

namespace Cote.Messages;

/// <summary>A chat in which a reply waits, or a reply that was claimed for this node when its question was stored.</summary>
readonly record struct Work(string UserId, string ChatId, OpenRow? Claimed);

/// <summary>
/// Where Messages leave word for Assistants, whom they do not know: here waits a reply, this one should stop. Every
/// word is a hint; the truth stands in the rows, and a sweep finds what was not heard.
/// </summary>
sealed class ReplyQueue(Clock clock, int places)
{
    readonly Channel<Work> _work = Channel.CreateBounded<Work>(
        new BoundedChannelOptions(100_000) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly ConcurrentDictionary<string, CancellationTokenSource> _running = [];
    int _taken;
    bool _closed;

    /// <summary>This node as an owner of replies: another one at every start.</summary>
    public string Node { get; } = clock.NewId();

    public ChannelReader<Work> Reader => _work.Reader;

    /// <summary>Takes one of the places for replies that run at the same time.</summary>
    public bool TryTakePlace()
    {
        if (!_closed && Interlocked.Increment(ref _taken) <= places)
            return true;
        if (!_closed)
            Interlocked.Decrement(ref _taken);
        return false;
    }

    public void GivePlaceBack() => Interlocked.Decrement(ref _taken);

    /// <summary>From now on nothing is claimed here.</summary>
    public void Close() => _closed = true;

    /// <summary>A reply waits in this chat.</summary>
    public void Wake(string userId, string chatId) => _work.Writer.TryWrite(new(userId, chatId, null));

    /// <summary>This reply is claimed for this node, with a place taken.</summary>
    public void Start(OpenRow claimed) => _work.Writer.TryWrite(new(claimed.UserId, claimed.ChatId, claimed));

    /// <summary>The reply is being made here: <see cref="Stop"/> cancels this.</summary>
    public void Add(string userId, string replyId, CancellationTokenSource stop) => _running[userId + replyId] = stop;

    public void Remove(string userId, string replyId) => _running.TryRemove(userId + replyId, out _);

    /// <summary>Somebody wants the reply to stop; its row says so already.</summary>
    public void Stop(string userId, string replyId)
    {
        if (_running.TryGetValue(userId + replyId, out var stop))
        {
            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // it ended by itself in between
            }
        }
    }
}
