using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Replies;
using Cote.Users;

namespace Cote.Delivery;

/// <summary>Opens subscriptions, and holds what they work with.</summary>
sealed class Subscriptions(
    Hub hub, EventLog log, ReplyStore replies, StreamingReplies streaming, Revocations revocations, Receipts receipts,
    MediaLinks links, SeenCursors seen, EventsOptions options, Clock clock)
{
    public Hub Hub => hub;

    public EventLog Log => log;

    public StreamingReplies Streaming => streaming;

    public Revocations Revocations => revocations;

    public Receipts Receipts => receipts;

    public MediaLinks Links => links;

    public Clock Clock => clock;

    /// <summary>The pending replies of a user, whichever node makes them.</summary>
    public async Task<IReadOnlyList<PendingReply>> ListPendingAsync(string userId, CancellationToken ct) =>
        [.. (await replies.ListPendingAsync(userId, null, ct)).Select(x => x.ToPendingReply())];

    /// <summary>
    /// A subscription to everything of a user, from a cursor or from the head. A socket or stream replays a limited
    /// number of events; a poll any number.
    /// </summary>
    /// <param name="user">Who opens it.</param>
    /// <param name="kind">What it serves.</param>
    /// <param name="view">Which parts it shows.</param>
    /// <param name="cursor">Where it begins; null: at the head.</param>
    /// <param name="isActive">Whether the client looks at what it shows: then its cursor says what was shown.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task<Subscription> OpenAsync(
        CurrentUser user, SubscriptionKind kind, PartsView view, Cursor? cursor, bool isActive, CancellationToken ct)
    {
        var subscription = await Subscription.OpenAsync(this, user, kind, view, cursor,
            kind == SubscriptionKind.Connection ? options.ReplayMaxEvents : long.MaxValue, ct);
        if (isActive && user.SessionId is not null && cursor is { } seenTo && subscription.Reset is null)
            seen.Add(user.Id, seenTo.Seq);
        return subscription;
    }

    /// <summary>
    /// A subscription to one question and its reply: from now on, or after event <paramref name="seq"/>, which is known
    /// to be in the log.
    /// </summary>
    public Task<Subscription> OpenAsync(
        CurrentUser user, ReplyFilter filter, PartsView view, long? seq, CancellationToken ct) =>
        Subscription.OpenAsync(this, user, filter, view, seq, ct);

    /// <summary>A subscription to the chat of a share, for somebody who has its token.</summary>
    public Task<Subscription> OpenAsync(ShownShare share, CancellationToken ct) => Subscription.OpenAsync(
        this, new CurrentUser(share.UserId, share.Id, Timestamp.From(DateTimeOffset.MaxValue)),
        new ChatFilter(share.ChatId), share.View, null, ct);
}
