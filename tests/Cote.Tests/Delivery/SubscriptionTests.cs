using Cote.Chats;
using Cote.Delivery;
using Cote.Events;
using Cote.Replies;
using Cote.Tests.Harness;
using Cote.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Delivery;

/// <summary>
/// A subscription over rows and streaming replies that the test writes by hand: orders of things that a whole server
/// shows only by chance. The rooms are those of the program, without a port and without a loop running.
/// </summary>
public sealed partial class SubscriptionTests : IAsyncLifetime
{
    const string User = "01990000-0000-7000-8000-000000000001";
    const string Session = "01990000-0000-7000-8000-000000000002";
    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly CurrentUser Ada = new(User, Session, new(long.MaxValue));

    StillApp _app = null!;
    Database _db = null!;
    Subscriptions _subscriptions = null!;
    int _seq;

    public async ValueTask InitializeAsync()
    {
        _app = await StillApp.OpenAsync("Data:Readers=1");
        _db = _app.Db;
        _subscriptions = _app.Services.GetRequiredService<Subscriptions>();
        await _app.AddUserAsync(User);
        await _app.AddChatAsync(User, "chat");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Who_meets_the_end_of_a_reply_before_its_text_is_shown_no_text_after_it()
    {
        await using var subscription = await OpenAsync();
        var streaming = _subscriptions.Streaming.Begin(
            User, new("chat", "reply", "question", 2, "m", 1, 1, "", ReplyParts.None, new("question")));
        streaming.Append(1, ReplyText.None, x => x.AddText("text"));
        await AppendAsync("question");
        await AppendAsync("reply");

        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message", "message"]);
        subscription.PingIfIdle();
        subscription.Show(Frame.Pong);
        var after = (await subscription.NextAsync(Ct)).ToList();
        _subscriptions.Streaming.End(streaming);
        subscription.Show(Frame.Pong);
        after.AddRange(await subscription.NextAsync(Ct));

        after.Select(x => x.Type).ShouldNotContain("message.snapshot");
        after.Select(x => x.Type).ShouldNotContain("message.delta");
    }

    [Fact]
    public async Task Who_follows_a_reply_is_shown_all_of_its_text_and_then_the_whole()
    {
        await using var subscription = await OpenAsync();
        await AppendAsync("question");
        var streaming = _subscriptions.Streaming.Begin(
            User, new("chat", "reply", "question", 2, "m", 1, 1, "", ReplyParts.None, new("question")));
        streaming.Append(1, ReplyText.None, x => x.AddText("one "));
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
        (await subscription.NextAsync(Ct))
            .Select(x => x.Type).ShouldBe(["message.snapshot", "message.delta", "typing"]);

        streaming.Append(1, ReplyText.None, x => x.AddText("two"));
        await AppendAsync("reply");
        var rest = await subscription.NextAsync(Ct);
        _subscriptions.Streaming.End(streaming);

        rest.Select(x => x.Type).ShouldBe(["message.delta", "message"]);
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["typing"]);
    }

    // A renewal of leases that was read behind the commit of the end does not find the reply among those that run.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reply_that_a_renewal_misses_is_shown_to_the_end_where_its_own_end_is_on_its_way(bool endsHere)
    {
        await using var subscription = await OpenAsync();
        await AppendAsync("question");
        var streaming = _subscriptions.Streaming.Begin(
            User, new("chat", "reply", "question", 2, "m", 1, 1, "", ReplyParts.None, new("question")));
        using var signals = new RunSignals(streaming);
        streaming.Append(1, ReplyText.None, x => x.AddText("one "));
        await subscription.NextAsync(Ct);
        await subscription.NextAsync(Ct);

        streaming.Append(1, ReplyText.None, x => x.AddText("two"));
        streaming.IsEnding = endsHere;
        signals.Lose();
        await AppendAsync("reply");
        var rest = await subscription.NextAsync(Ct);
        _subscriptions.Streaming.End(streaming);

        rest.Select(x => x.Type).ShouldBe(endsHere ? ["message.delta", "message"] : ["message"]);
    }

    [Fact]
    public async Task Who_meets_the_end_of_a_reply_is_shown_the_rest_of_its_text_before_it_and_none_after()
    {
        await using var subscription = await OpenAsync();
        var reply = new PendingReply("chat", "reply", "question", 2, "m", 1, 1, "one ", ReplyParts.None,
            new("question"));
        subscription.Begin(reply).Type.ShouldBe("message.snapshot");
        await AppendAsync("question");
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
        var streaming = _subscriptions.Streaming.Begin(User, reply);
        streaming.Append(1, ReplyText.None, x => x.AddText("two"));
        await AppendAsync("reply");

        var end = await subscription.NextAsync(Ct);

        end.Select(x => x.Type).ShouldBe(["message.delta", "message"]);
        var rest = TestFrame.Parse(System.Text.Encoding.UTF8.GetString(end[0].Json.Span)).Data;
        (rest.GetProperty("offset").GetInt32(), rest.GetProperty("text").GetString()).ShouldBe((4, "two"));
        for (var i = 3; i < 30; i++) // however many others end before it is gone from here
        {
            await AppendAsync("other" + i);
            (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
            subscription.Show(Frame.Pong);
            (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["pong"]);
        }
        _subscriptions.Streaming.End(streaming);
    }

    [Fact]
    public async Task A_subscription_whose_session_was_revoked_before_it_joined_shows_nothing()
    {
        await AppendAsync("secret");
        await _app.WriteAsync(
            $"""
            insert into sessions (id, user_id, device, ip, created_at, last_seen_at, expires_at, refresh_hash)
            values ({Session}, {User}, '', '', 0, 0, {long.MaxValue}, '')
            """);
        // The hub finds no subscription of it.
        await _app.Services.GetRequiredService<Revocations>().RevokeAsync($"s.id = {Session}");

        await using var subscription = await OpenAsync();

        subscription.Closed.ShouldBe(CloseReason.SessionRevoked);
        (await subscription.NextAsync(Ct)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_subscription_that_is_only_just_opening_is_not_pinged()
    {
        var held = await _db.SnapshotAsync(Ct);
        var opening = OpenAsync(); // it has joined, and waits for the one connection
        _subscriptions.Hub.Find(User)!.Subscriptions.ShouldHaveSingleItem().PingIfIdle();
        await held.DisposeAsync();
        await using var subscription = await opening;
        subscription.Show(Frame.Pong);

        (await subscription.NextAsync(Ct)).ShouldBe([Frame.Pong]);
    }

    [Fact]
    public async Task A_subscription_that_is_closed_while_it_reads_shows_nothing_of_what_it_read()
    {
        await using var subscription = await OpenAsync();
        await AppendAsync("secret");
        var held = await _db.SnapshotAsync(Ct);
        var next = subscription.NextAsync(Ct).AsTask(); // Its read waits for the one connection.

        subscription.Close(CloseReason.SessionRevoked);
        await held.DisposeAsync();

        (await next).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_log_that_was_trimmed_under_a_subscription_is_a_reset_and_never_a_silent_hole()
    {
        await using var subscription = await OpenAsync();
        for (var i = 1; i <= 5; i++)
            await AppendAsync("m" + i);
        await _app.WriteAsync($"delete from events where user_id = {User} and seq <= 3",
            $"update heads set tail = 3 where user_id = {User}");

        var frames = await subscription.NextAsync(Ct);

        frames.Select(x => x.Type).ShouldBe(["reset"]);
        var reset = TestFrame.Parse(System.Text.Encoding.UTF8.GetString(frames[0].Json.Span));
        reset.Data.GetProperty("reason").GetString().ShouldBe("trimmed");
        reset.Data.GetProperty("cursor").GetString().ShouldBe(_subscriptions.Log.Epoch + "-5");
        await AppendAsync("m6");
        (await subscription.NextAsync(Ct)).Select(x => x.Seq).ShouldBe([6]);
    }

    [Fact]
    public async Task No_text_of_a_reply_is_shown_before_its_question()
    {
        await using var subscription = await OpenAsync();
        var streaming = _subscriptions.Streaming.Begin(
            User, new("chat", "reply", "question", 2, "m", 1, 1, "", ReplyParts.None, new("question")));
        streaming.Append(1, ReplyText.None, x => x.AddText("early"));
        subscription.Show(Frame.Pong);

        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["pong"]);
        await AppendAsync("question");
        (await subscription.NextAsync(Ct)).Select(x => x.Type).ShouldBe(["message"]);
        (await subscription.NextAsync(Ct))
            .Select(x => x.Type).ShouldBe(["message.snapshot", "message.delta", "typing"]);
        _subscriptions.Streaming.End(streaming);
    }

    [Fact]
    public async Task A_subscription_that_does_not_come_for_its_frames_holds_only_a_few()
    {
        await using var subscription = await OpenAsync();

        for (var i = 0; i < 10_000; i++)
            subscription.Show(Frame.Typing("chat", "user", true));

        (await subscription.NextAsync(Ct)).Count.ShouldBeInRange(1, 100);
    }

    Task<Subscription> OpenAsync() =>
        _subscriptions.OpenAsync(Ada, SubscriptionKind.Connection, PartsView.Light, null, true, Ct);

    // A message with its event, committed as by another process: the channel is told of it.
    async Task AppendAsync(string message)
    {
        _seq++;
        await _app.AddMessageAsync(User, "chat", message, _seq, _seq);
        await _app.AppendAsync(User, _seq, EventTypes.Message, "chat", message);
        _subscriptions.Hub.Find(User)?.Advance();
    }
}
