using System.Diagnostics;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Replies;

/// <summary>
/// Stop ends what was sent before it, from whatever device, keeps what was shown, and leaves the model at once.
/// </summary>
public sealed class StopTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task Another_device_stops_a_reply_and_the_model_is_left_within_300_ms(string wire)
    {
        using var ada = await _app.RegisterAsync();
        using var phone = await ada.OtherDeviceAsync();
        await Patience.ShouldTakeAtMostAsync(TimeSpan.FromMilliseconds(300), () => StopAsync(ada, phone, wire));
    }

    async Task<TimeSpan> StopAsync(CoteClient ada, CoteClient phone, string wire)
    {
        var chat = await ada.CreateChatAsync(model: wire);
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("all ", "that ", "was shown 🕊️").ThenWaitFor(gate).Then("never"));
        await using var socket = await ada.ConnectAsync();
        var (question, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "all that was shown 🕊️");
        var call = await play.NextCallAsync();
        call.Closed.IsCompleted.ShouldBeFalse();

        var began = Stopwatch.GetTimestamp();
        var stop = phone.PostAsync($"/chats/{chat}/stop");
        await call.Closed.InTimeAsync();
        var took = Stopwatch.GetElapsedTime(began);

        var answer = (await stop).Ok().Json;
        answer.Names().ShouldBe("stopped success");
        answer.GetProperty("success").GetBoolean().ShouldBeTrue();
        answer.Number("stopped").ShouldBe(1);
        var stored = await ada.MessageAsync(chat, reply);
        stored.Text("generation", "state").ShouldBe("stopped", "it answers when the reply has ended");
        stored.Text("content").ShouldBe("all that was shown 🕊️");
        stored.GetProperty("generation").TryGetProperty("error", out _).ShouldBeFalse();
        (await socket.EndOfAsync(reply)).Text("content").ShouldBe("all that was shown 🕊️");
        (await ada.MessageAsync(chat, question)).Text("status").ShouldBe("read");
        (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json.Number("stopped").ShouldBe(0, "the second time");
        play.Calls.ShouldBe(1);
        gate.Open();
        return took;
    }

    [Fact]
    public async Task Stop_ends_the_queued_ones_too_and_calls_no_model_for_them()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var running = live.Play(FakeReply.Text("shown").ThenWaitFor(gate));
        var waiting = live.Play(FakeReply.Text("never"));
        var replies = new List<string> { (await ada.AskForAsync(chat, running)).Reply };
        for (var i = 0; i < 6; i++)
            replies.Add((await ada.AskForAsync(chat, waiting)).Reply);
        await gate.Reached;

        (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json.Number("stopped").ShouldBe(7);

        foreach (var reply in replies)
            (await ada.MessageAsync(chat, reply)).Text("generation", "state").ShouldBe("stopped");
        (await ada.MessagesAsync(chat)).Count.ShouldBe(
            14, "one that was stopped while it waited is listed with no text");
        waiting.Calls.ShouldBe(0);
        var (_, next) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("and on it goes")));
        (await ada.EndOfAsync(chat, next)).Text("content").ShouldBe("and on it goes");
    }

    [Fact]
    public async Task Two_stops_at_once_count_every_reply_once()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var running = live.Play(FakeReply.Text("shown").ThenWaitFor(gate));
        var waiting = live.Play(FakeReply.Text("never"));
        await ada.AskForAsync(chat, running);
        for (var i = 0; i < 4; i++)
            await ada.AskForAsync(chat, waiting);
        await gate.Reached;

        var stops = await Task.WhenAll(Enumerable.Range(0, 4).Select(x => ada.PostAsync($"/chats/{chat}/stop")));

        stops.Sum(x => x.Ok().Json.Number("stopped")).ShouldBe(5);
        (await ada.GetAsync("/sync")).Ok().Json.GetProperty("running").GetArrayLength().ShouldBe(0);
        waiting.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task A_stop_right_after_the_answer_of_a_send_finds_its_reply()
    {
        using var ada = await _app.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.After(gate).Then("never"));

        for (var i = 0; i < 20; i++)
        {
            var chat = await ada.CreateChatAsync();
            var (_, reply) = await ada.AskForAsync(chat, play);
            (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json.Number("stopped").ShouldBe(1);
            (await ada.MessageAsync(chat, reply)).Text("generation", "state").ShouldBe("stopped");
        }
    }

    [Fact]
    public async Task Stops_and_sends_that_race_leave_no_reply_open_and_none_without_an_end()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("one ", "two ", "three"));
        await using var socket = await ada.ConnectAsync();

        var sends = Enumerable.Range(0, 30).Select(x => ada.AskForAsync(chat, play)).ToList();
        var stops = Enumerable.Range(0, 10).Select(x => ada.PostAsync($"/chats/{chat}/stop")).ToList();
        var replies = (await Task.WhenAll(sends)).Select(x => x.Reply).ToHashSet();
        var stopped = (await Task.WhenAll(stops)).Sum(x => x.Ok().Json.Number("stopped"));
        stopped += (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json.Number("stopped");

        (await ada.GetAsync("/sync")).Ok().Json.GetProperty("running").GetArrayLength().ShouldBe(0);
        var list = (await ada.MessagesAsync(chat)).Where(x => x.Text("sender") == "ai").ToList();
        list.Select(x => x.Text("id")).ShouldBe(replies, ignoreOrder: true);
        list.Select(x => x.Text("generation", "state")).ShouldAllBe(x => x == "completed" || x == "stopped");
        list.Count(x => x.Text("generation", "state") == "stopped").ShouldBe((int)stopped);
        var waiting = replies.ToHashSet();
        await socket.UntilAsync(x => x.Type == "message" && waiting.Remove(x.MessageId!) && waiting.Count == 0);
        socket.All.Where(x => x.Type == "message" && replies.Contains(x.MessageId!))
            .Count().ShouldBe(30, "each ends once");
    }

    [Fact]
    public async Task A_reply_that_waits_to_be_tried_again_is_stopped_at_once()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Refuse(429, null, ("Retry-After", "20")), FakeReply.Text("never"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await (await play.NextCallAsync()).Ended;

        (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json.Number("stopped").ShouldBe(1);

        (await ada.MessageAsync(chat, reply)).Text("generation", "state").ShouldBe("stopped");
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_stop_where_nothing_runs_stops_nothing_and_nobody_elses()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var other = await ada.CreateChatAsync();
        var gate = new Gate();
        var (_, reply) = await ada.AskForAsync(other, live.Play(FakeReply.Text("x").ThenWaitFor(gate)));
        await gate.Reached;

        (await ada.PostAsync($"/chats/{chat}/stop")).Ok().Json.Number("stopped").ShouldBe(0);
        (await eve.PostAsync($"/chats/{other}/stop")).Status.ShouldBe(404);
        (await ada.PostAsync($"/chats/{Guid.CreateVersion7()}/stop")).Status.ShouldBe(404);

        (await ada.MessageAsync(other, reply)).Text("generation", "state").ShouldBe("running");
        gate.Open();
        (await ada.EndOfAsync(other, reply)).Text("generation", "state").ShouldBe("completed");
    }

    [Fact]
    public async Task A_queued_question_that_is_deleted_never_reaches_the_model_and_the_next_one_does()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var (_, running) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("one").ThenWaitFor(gate)));
        var gone = live.Play(FakeReply.Text("never"));
        var (question, _) = await ada.AskForAsync(chat, gone);
        var (_, last) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("three")));
        await gate.Reached;

        (await ada.DeleteAsync($"/chats/{chat}/messages/{question}")).Ok();
        gate.Open();

        (await ada.EndOfAsync(chat, running)).Text("content").ShouldBe("one");
        (await ada.EndOfAsync(chat, last)).Text("content").ShouldBe("three");
        gone.Calls.ShouldBe(0);
    }

    [Fact]
    public async Task The_next_reply_runs_when_the_running_question_is_deleted()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("one").ThenWaitFor(gate));
        var (question, _) = await ada.AskForAsync(chat, play);
        var (_, last) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("two")));
        await gate.Reached;

        (await ada.DeleteAsync($"/chats/{chat}/messages/{question}")).Ok();

        await (await play.NextCallAsync()).Closed.InTimeAsync();
        (await ada.EndOfAsync(chat, last)).Text("content").ShouldBe("two");
    }

    [Fact]
    public async Task A_send_that_is_refused_stops_nothing()
    {
        using var ada = await _app.RegisterAsync();
        using var root = await _app.RegisterAdminAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("all ").ThenWaitFor(gate).Then("of it"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await gate.Reached.InTimeAsync();

        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "x", stop = true, reply_to_id = Guid.CreateVersion7() }))
            .ShouldBeWrong("body.reply_to_id value_error");
        (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = 1 })).Ok();
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "x", stop = true })).ErrorCode
            .ShouldBe("budget_exceeded");

        gate.Open();
        var end = await ada.EndOfAsync(chat, reply);
        (end.Text("content"), end.Text("generation", "state")).ShouldBe(("all of it", "completed"));
    }
}
