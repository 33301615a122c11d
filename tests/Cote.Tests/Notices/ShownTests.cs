using Cote.Tests.Harness;

namespace Cote.Tests.Notices;

/// <summary>What holds a push back: that the reply was shown.</summary>
public sealed class ShownTests(PushApp shared) : IClassFixture<PushApp>, IAsyncLifetime
{
    readonly CoteApp _app = shared.App;
    readonly FakePushServer _service = shared.Service;
    CoteClient _ada = null!;
    TestBrowser _browser = null!;

    public async ValueTask InitializeAsync() => (_ada, _browser) = await shared.BeginAsync();

    public ValueTask DisposeAsync()
    {
        _ada.Dispose();
        _browser.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_reply_that_a_socket_was_sent_whose_other_end_lives_is_not_pushed()
    {
        await using var socket = await _ada.ConnectAsync();
        var (_, reply) = await _ada.GetReplyAsync(shared.Live);

        await socket.NextAsync("message", x => x.MessageId == reply.Text("id"));
        await _app.NoPushAsync(reply.Text("id"));

        _service.Count(_browser.Id).ShouldBe(0);
        await ShouldPushAsync(socket.DisposeAsync);
    }

    [Fact]
    public async Task A_socket_whose_client_looks_away_holds_nothing_back_until_it_looks_again()
    {
        await using var socket = await TestSocket.ConnectAsync(_app.Url, $"/ws?token={_ada.Token}&active=false");
        await ShouldPushAsync();
        var (_, reply) = await _ada.GetReplyAsync(shared.Live);
        await socket.NextAsync("message", x => x.MessageId == reply.Text("id"));

        await ShouldWaitAsync(reply.Text("id"));
        await socket.SendAsync("""{"type":"active","data":{"is_active":true}}""");
        await _app.NoPushAsync(reply.Text("id"));

        await socket.SendAsync("""{"type":"active","data":{"is_active":false}}""");
        await socket.SendAsync("""{"type":"ping"}""");
        await socket.NextAsync("pong");
        await ShouldPushAsync();
    }

    [Fact]
    public async Task What_a_key_is_shown_its_user_is_not()
    {
        using var robot = await _ada.WithKeyAsync("read");
        await using var socket = await robot.ConnectByProtocolAsync();

        await socket.SendAsync("""{"type":"active","data":{"is_active":true}}""");
        await ShouldPushAsync();
    }

    [Fact]
    public async Task A_stream_shows_nothing_for_certain_but_who_resumes_behind_the_reply_has_it()
    {
        await using var stream = await _ada.StreamAsync(HttpMethod.Get, "/events");
        await ShouldPushAsync();
        var (_, reply) = await _ada.GetReplyAsync(shared.Live);
        string? cursor = null;
        while (cursor is null)
            cursor = await stream.NextAsync() is { Type: "message" } frame && frame.MessageId == reply.Text("id")
                ? frame.Cursor : null;

        await ShouldWaitAsync(reply.Text("id"));
        await using var again = await _ada.StreamAsync(HttpMethod.Get, $"/events?cursor={cursor}");
        await _app.NoPushAsync(reply.Text("id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&active=true")]
    [InlineData("&active=false")]
    public async Task A_poll_from_behind_the_reply_says_that_it_was_shown_unless_nobody_looks(string active)
    {
        var (_, reply) = await _ada.GetReplyAsync(shared.Live);
        using var robot = await _ada.WithKeyAsync("read");
        var head = (await _ada.GetAsync("/sync")).Ok()["cursor"];
        (await robot.GetAsync($"/events?cursor={head}&wait=0")).Ok();
        (await _ada.GetAsync($"/events?cursor={head[..(head.IndexOf('-') + 1)]}0&wait=0")).Ok();

        (await _ada.GetAsync($"/events?cursor={head}&wait=0{active}")).Ok();

        if (active != "&active=false")
            await _app.NoPushAsync(reply.Text("id"));
        else
            await ShouldPushAsync(reply.Text("id"));
    }

    [Fact]
    public async Task A_reply_that_was_read_is_not_pushed_also_where_it_was_read_while_it_went_on()
    {
        var (chat, first) = await _ada.GetReplyAsync(shared.Live);
        (await _ada.PutAsync($"/chats/{chat}/messages/{first.Text("id")}/read")).Ok();
        (await _app.CountPushesAsync(first.Text("id"))).ShouldBe(0);
        var gate = new Gate();
        var play = shared.Live.Play(FakeReply.Text("some").ThenWaitFor(gate).Then("more"));
        var sent = await _ada.AskForAsync(chat, play);
        await Patience.UntilAsync(async () =>
            (await _ada.PutAsync($"/chats/{chat}/messages/{sent.Reply}/read")).Ok().Status == 200
                && (await _ada.MessageAsync(chat, sent.Reply)).Text("status") == "read", "it is read");

        gate.Open();
        await _ada.EndOfAsync(chat, sent.Reply);

        (await _app.CountPushesAsync(sent.Reply)).ShouldBe(1);
        (await _ada.PutAsync($"/chats/{chat}/messages/{sent.Reply}/read")).Ok();
        (await _app.CountPushesAsync(sent.Reply)).ShouldBe(0);
    }

    [Fact]
    public async Task A_question_of_a_reply_is_pushed_and_an_answer_withdraws_it()
    {
        var path = await _ada.WaitForToolAsync("demo/approval");
        var reply = path.Split('/')[4];
        (await _app.CountPushesAsync(reply)).ShouldBe(1);
        await _app.MakeDueAsync(_ada.Id);
        var push = await _service.NextAsync(_browser.Id);
        var read = _browser.Read(push);
        (read.Text("type"), read.Text("message_id"), read.Text("body"))
            .ShouldBe(("reply.waiting", reply, "A question waits for you"));
        push.Headers["Urgency"].ShouldBe("high");

        var second = await _ada.WaitForToolAsync("demo/approval");
        (await _ada.PostAsync(second, new { approve = true })).Ok();
        await _ada.EndOfAsync(second.Split('/')[2], second.Split('/')[4]); // which has a push of its own
        await _app.MakeDueAsync(_ada.Id);
        await _app.NoPushAsync(second.Split('/')[4]);
    }

    [Fact]
    public async Task What_was_deleted_is_not_pushed()
    {
        var (chat, reply) = await _ada.GetReplyAsync(shared.Live);
        var (other, message) = await _ada.GetReplyAsync(shared.Live);
        (await _ada.DeleteAsync($"/chats/{chat}")).Ok();
        (await _ada.DeleteAsync($"/chats/{other}/messages/{message.Text("id")}")).Ok();

        await ShouldPushAsync();

        await _app.NoPushAsync(reply.Text("id"));
        await _app.NoPushAsync(message.Text("id"));
        _service.Count(_browser.Id).ShouldBe(0);
    }

    [Theory]
    [InlineData("/ws", "&active=maybe")]
    [InlineData("/ws", "&active=")]
    public async Task A_socket_that_says_neither_is_closed(string path, string active)
    {
        await using var socket = await TestSocket.ConnectAsync(
            _app.Url, $"{path}?token={_ada.Token}{active}", awaitReady: false);
        (await socket.Closed).ShouldBe(4500);
        (await _ada.GetAsync("/events?active=maybe")).ShouldBeWrong("query.active bool_parsing");
    }

    [Theory]
    [InlineData("""{"type":"active"}""")]
    [InlineData("""{"type":"active","data":{}}""")]
    [InlineData("""{"type":"active","data":{"is_active":"no"}}""")]
    public async Task A_frame_that_says_neither_is_answered_with_an_error(string frame)
    {
        await using var socket = await _ada.ConnectAsync();

        await socket.SendAsync(frame);

        (await socket.NextAsync("error")).Data.Text("code").ShouldBe("invalid_frame");
    }

    // The reply of a chat of its own is pushed, and so would another one have been.
    async Task ShouldPushAsync(Func<ValueTask>? first = null)
    {
        if (first is not null)
            await first();
        var (_, reply) = await _ada.GetReplyAsync(shared.Live);
        await ShouldPushAsync(reply.Text("id"));
    }

    async Task ShouldPushAsync(string reply)
    {
        await ShouldWaitAsync(reply);
        await _app.MakeDueAsync(_ada.Id);
        _browser.Read(await _service.NextAsync(_browser.Id)).Text("message_id").ShouldBe(reply);
        await _app.NoPushAsync(reply);
    }

    // It waits still when a later reply of somebody who looks was withdrawn: what withdraws has seen both.
    async Task ShouldWaitAsync(string reply)
    {
        var (grace, browser) = await shared.BeginAsync();
        using var _ = grace;
        using var __ = browser;
        await using var socket = await grace.ConnectAsync();
        var (_, later) = await grace.GetReplyAsync(shared.Live);
        await _app.NoPushAsync(later.Text("id"));

        (await _app.CountPushesAsync(reply)).ShouldBe(1);
    }
}
