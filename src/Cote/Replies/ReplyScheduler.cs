using System.Threading.Channels;
using Cote.Cluster;

namespace Cote.Replies;

/// <summary>
/// A chat in which a reply waits, or a reply that was claimed for this node when its question was stored.
/// </summary>
readonly record struct ReplyJob(string UserId, string ChatId, PendingReplyRow? Claimed);

/// <summary>
/// What the reply loop is to look at: chats with a waiting reply, and claimed replies. Chats are hints; the truth is in
/// the rows, and a sweep finds what was missed.
/// </summary>
sealed class ReplyScheduler
{
    const int MaxHints = 100_000;

    readonly Channel<ReplyJob> _jobs;
    readonly ReplySlots _slots;

    public ReplyScheduler(AssistantsOptions options, NodeNotifier notifier)
    {
        _slots = new ReplySlots(options.MaxParallelReplies, options.MaxParallelRepliesPerUser);
        // Room for every claimed reply, which must not be lost, beside the hints, which may.
        _jobs = Channel.CreateBounded<ReplyJob>(
            new BoundedChannelOptions(
                options.MaxParallelReplies + MaxHints)
            {
                FullMode = BoundedChannelFullMode.DropWrite,
                // The loop does next to nothing for a job: a thread that would have to wake first costs more.
                AllowSynchronousContinuations = true,
            });
        notifier.Received += notification =>
        {
            if (notification.Kind == NotificationKind.ReplyWaiting)
                Wake(notification.UserId, notification.Id);
        };
    }

    public ChannelReader<ReplyJob> Jobs => _jobs.Reader;

    /// <summary>How many slots this node has, how many are taken, and how many chats wait for one.</summary>
    public (int Total, int Taken, int Waiting) Slots => _slots.Count();

    /// <summary>A reply waits in this chat.</summary>
    public void Wake(string userId, string chatId)
    {
        if (_jobs.Reader.Count < MaxHints)
            _jobs.Writer.TryWrite(new(userId, chatId, null));
    }

    /// <summary>This reply is claimed for this node, with a slot acquired.</summary>
    public void Start(PendingReplyRow claimed) => _jobs.Writer.TryWrite(new(claimed.UserId, claimed.ChatId, claimed));

    /// <summary>Acquires a slot for one running reply of a user.</summary>
    public bool TryAcquireSlot(string userId) => _slots.TryAcquire(userId);

    /// <summary>
    /// Acquires a slot for the reply that waits in a chat. Where none is free, the chat is looked at again when one is.
    /// </summary>
    public bool TryAcquireSlot(string userId, string chatId) => _slots.TryAcquireOrPark(userId, chatId);

    /// <summary>Releases a slot, and wakes the next chat that waits for one.</summary>
    public void ReleaseSlot(string userId)
    {
        if (_slots.Release(userId) is var (nextUser, nextChat))
            Wake(nextUser, nextChat);
    }

    /// <summary>From now on no slot is given, and nothing is claimed here.</summary>
    public void Close() => _slots.Close();
}
