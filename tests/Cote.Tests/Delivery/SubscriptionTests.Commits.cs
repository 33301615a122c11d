using Cote.Chats;
using Cote.Delivery;
using Cote.Events;
using Cote.Replies;

namespace Cote.Tests.Delivery;

/// <summary>Events that are read by the transaction that appends them, and a stream that begins with its own send.
/// </summary>
public sealed partial class SubscriptionTests
{
    [Fact]
    public async Task What_a_transaction_appends_is_shown_without_another_read()
    {
        await using var subscription = await OpenAsync();
        await CommitAsync("first");
        (await subscription.NextAsync(Ct)).Select(x => x.MessageId).ShouldBe(["first"]);
        await SettleAsync(subscription);
        await using var held = await _db.SnapshotAsync(Ct); // the one connection that reads

        await CommitAsync("second");

        (await subscription.NextAsync(Ct).AsTask().InTimeAsync()).Select(x => x.MessageId).ShouldBe(["second"]);
        await SettleAsync(subscription);
    }

    [Fact]
    public async Task What_was_committed_meanwhile_by_hands_that_read_nothing_is_shown_before_it()
    {
        await using var subscription = await OpenAsync();
        await SettleAsync(subscription);

        await AppendAsync("unread");
        await CommitAsync("second");

        (await subscription.NextAsync(Ct)).Select(x => x.MessageId).ShouldBe(["unread", "second"]);
    }

    [Fact]
    public async Task The_stream_of_a_send_reads_nothing_where_nobody_else_has_committed()
    {
        using var hold = _subscriptions.Hub.Hold(User);
        await CommitAsync("question");
        hold.OnSent(_seq);
        await using var held = await _db.SnapshotAsync(Ct);
        await using var stream = await FollowAsync("reply", _seq);
        await SettleAsync(stream, isStream: true);

        await CommitAsync("reply");

        (await stream.NextAsync(Ct).AsTask().InTimeAsync()).Select(x => x.MessageId).ShouldBe(["reply"]);
        stream.IsComplete.ShouldBeTrue();
    }

    [Fact]
    public async Task The_stream_of_a_send_is_shown_what_was_committed_before_it_began()
    {
        using var hold = _subscriptions.Hub.Hold(User);
        await CommitAsync("question");
        var sent = _seq;
        await CommitAsync("reply");
        hold.OnSent(sent);

        await using var stream = await FollowAsync("reply", sent);

        (await stream.NextAsync(Ct).AsTask().InTimeAsync()).Select(x => x.MessageId).ShouldBe(["reply"]);
    }

    [Fact]
    public async Task A_channel_that_was_kept_for_a_send_is_gone_with_its_last_user()
    {
        var hold = _subscriptions.Hub.Hold(User);
        var stream = await FollowAsync("reply", 0);
        await stream.DisposeAsync();
        _subscriptions.Hub.Find(User).ShouldNotBeNull();

        hold.Dispose();

        _subscriptions.Hub.Find(User).ShouldBeNull();
    }

    async Task<Subscription> FollowAsync(string reply, long seq)
    {
        var stream = await _subscriptions.OpenAsync(
            Ada, new ReplyFilter("chat", "question", reply), PartsView.Light, seq, Ct);
        stream.Begin(new("chat", reply, "question", 2, "m", seq, 1, "", ReplyParts.None, new("question")));
        return stream;
    }

    // It comes to the end of the log, and waits there.
    static async Task SettleAsync(Subscription subscription, bool isStream = false)
    {
        if (isStream)
            subscription.PingAfter = TimeSpan.Zero;
        var next = subscription.NextAsync(Ct).AsTask();
        if (isStream)
            subscription.PingIfIdle();
        else
            subscription.Show(Frame.Pong);
        (await next.InTimeAsync()).ShouldBe([isStream ? Frame.Ping : Frame.Pong]);
    }

    [Fact]
    public async Task A_transaction_of_more_events_than_one_statement_takes_appends_all_of_them_in_order()
    {
        var batch = new WriteBatch();
        var messages = Enumerable.Range(0, 600).Select(x => $"m{x}").ToList();
        var transaction = new EventTransaction(batch, User, "unit-many", default, messages.Count, $"1 = 1");
        foreach (var message in messages)
            transaction.Append(EventTypes.MessageDeleted, "chat", message);
        var appended = batch.Query(
            $"select message_id from events where user_id = {User} order by seq", row => row.GetString(0));

        (await _subscriptions.Log.CommitAsync(batch, User, transaction)).ShouldBe(Outcome.Committed);

        appended.Items.ShouldBe(messages);
    }

    // A message with its event, committed as the server does it.
    async Task CommitAsync(string message)
    {
        _seq++;
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, User, "unit-" + message, default, 1, $"1 = 1");
        transaction.Execute($"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, timestamp, listed, event_seq)
            select {User}, {message}, 'chat', h.seq, 'user', 'text', 'x', 'sent', 'normal', 0, 1, h.seq
            from {transaction.Locked}
            """);
        transaction.Append(EventTypes.Message, "chat", message);
        (await _subscriptions.Log.CommitAsync(batch, User, transaction)).ShouldBe(Outcome.Committed);
        transaction.Happened.ShouldBeTrue();
    }
}
