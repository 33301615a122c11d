using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Replies;

/// <summary>Calls that wait for a person or a client, and what ends the wait.</summary>
public sealed partial class ToolApprovalTests(ToolApp app) : ToolAppTests(app), IClassFixture<ToolApp>
{
    // The rows of the calls of a reply.
    async Task<int> RowsAsync(string reply) => (await Live.App.RowsAsync())["tool_calls"]
        .Count(x => x.Contains(reply, StringComparison.Ordinal));

    // A reply that waits for an answer to `send`, and the script of its model.
    async Task<(string Question, string Reply, Play Play)> WaitAsync(params FakeReply[] then)
    {
        var play = Live.Play([FakeReply.Text("I would.").ThenCall("send", """{"to":"bob"}"""), .. then]);
        var (question, reply) = await Ada.AskForAsync(Chat, play);
        await StateAsync(reply, "waiting");
        return (question, reply, play);
    }

    Task StateAsync(string reply, string state) => Patience.UntilAsync(
        async () => (await Ada.MessageAsync(Chat, reply)).Text("generation", "state") == state, $"it is {state}");

    Task<Reply> AnswerAsync(string reply, object answer, string call = "call_0_0") =>
        Ada.PostAsync($"/chats/{Chat}/messages/{reply}/tool_calls/{call}", answer);

    async Task<JsonElement> CallAsync(string reply, int index = 0) =>
        (await Ada.GetAsync($"/chats/{Chat}/messages/{reply}?parts=all")).Ok().Json.GetProperty("parts")
        .EnumerateArray().Where(x => x.Text("type") == "tool").ElementAt(index);

    [Fact]
    public async Task A_call_that_is_denied_is_not_executed_and_the_model_is_told_why()
    {
        var (_, reply, play) = await WaitAsync(FakeReply.Text("As you wish."));
        (await AnswerAsync(reply, new { approve = false, reason = "not to him" })).Ok();
        var end = await Ada.EndOfAsync(Chat, reply);

        end.Text("content").ShouldBe("I would.\n\nAs you wish.");
        var call = await CallAsync(reply);
        (call.Text("state"), call.Text("error", "code")).ShouldBe(("denied", "denied"));
        await play.NextCallAsync();
        (await play.NextCallAsync()).Messages.EnumerateArray().Last().Text("content")
            .ShouldBe("The user did not allow this call: not to him.");
        Tools.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reply_may_wait_more_than_once_and_is_one_attempt_on_a_stream_and_for_who_polls()
    {
        var play = Live.Play(
            FakeReply.Text("One.").ThenCall("send", """{"n":1}"""),
            FakeReply.Text("Two.").ThenCall("save", """{"n":2}"""), FakeReply.Text("Three."));
        var (_, reply) = await Ada.AskForAsync(Chat, play);
        await using var stream = await Ada.StreamAsync(
            HttpMethod.Get, $"/chats/{Chat}/messages/{reply}/stream?parts=all");
        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());
        for (var step = 0; step < 2; step++)
        {
            while (!parts[reply].Any(x => x.Contains($"call_{step}_0", StringComparison.Ordinal)
                && x.Contains("\"waiting\"", StringComparison.Ordinal)))
                apply((await stream.NextAsync())!);
            var cursor = (await Ada.GetAsync("/events")).Ok()["cursor"];
            (await AnswerAsync(reply, new { approve = true }, $"call_{step}_0")).Ok();
            (await PollAsync(cursor)).ShouldBe("message.waiting");
        }
        foreach (var frame in await stream.ToEndAsync())
            apply(frame);

        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        texts[reply].ShouldBe("One.\n\nTwo.\n\nThree.");
        var end = (await Ada.GetAsync($"/chats/{Chat}/messages/{reply}?parts=all")).Ok().Json;
        parts[reply].ShouldBe(PartsOf(end));
        (end.Text("content"), end.Number("generation", "attempt")).ShouldBe((texts[reply], 1));
        Tools.Ran.ShouldBe(["""send {"n":1}""", """save {"n":2}"""]);
        play.Calls.ShouldBe(3);

        void apply(TestFrame frame)
        {
            texts.Apply(frame);
            parts.Apply(frame);
        }
    }

    [Fact]
    public async Task In_a_mixed_batch_what_needs_no_answer_runs_at_once_and_the_rest_after_the_last_answer()
    {
        var play = Live.Play(
            FakeReply.Call("send", """{"n":1}""").ThenCall("save", """{"n":2}""").ThenCall("send", """{"n":3}"""),
            FakeReply.Text("Done."));
        var (_, reply) = await Ada.AskForAsync(Chat, play);
        await StateAsync(reply, "waiting");
        Tools.Ran.ShouldBe(["""save {"n":2}"""]);
        (await AnswerAsync(reply, new { approve = true }, "call_0_2")).Ok().Json.Text("generation", "state")
            .ShouldBe("waiting", "another one waits");
        Tools.Ran.Count.ShouldBe(1);
        (await AnswerAsync(reply, new { approve = true })).Ok();
        (await Ada.EndOfAsync(Chat, reply)).Text("content").ShouldBe("Done.");
        Tools.Ran.ShouldBe(["""save {"n":2}""", """send {"n":1}""", """send {"n":3}"""]);
        await play.NextCallAsync();
        (await play.NextCallAsync()).Messages.EnumerateArray().TakeLast(3).Select(x => x.Text("content"))
            .ShouldBe(["send has run", "save has run", "send has run"]);
    }

    [Fact]
    public async Task A_call_is_answered_while_others_of_its_batch_run()
    {
        var (runs, may) = (new Gate(), new TaskCompletionSource());
        Tools.Does["save"] = async (_, _, ct) =>
        {
            runs.Open();
            await may.Task.WaitAsync(ct);
            return "saved";
        };
        await using var socket = await TestSocket.ConnectAsync(Live.App.Url, $"/ws?token={Ada.Token}&parts=all");
        var play = Live.Play(FakeReply.Call("send").ThenCall("save"), FakeReply.Text("Done."));
        var (_, reply) = await Ada.AskForAsync(Chat, play);
        await socket.NextAsync("message.part", x => State(x) == "running");
        (await AnswerAsync(reply, new { approve = true })).Ok().Json.Text("generation", "state").ShouldBe("running");
        var shown = await socket.NextAsync("message.part", x => State(x) == "approved");
        shown.Data.Number("index").ShouldBe(0);
        may.SetResult();
        (await Ada.EndOfAsync(Chat, reply)).Text("content").ShouldBe("Done.");
        Tools.Ran.ShouldBe(["save {}", "send {}"]);

        static string? State(TestFrame frame) => frame.Data.GetProperty("part").TryGetProperty("state", out var state)
            ? state.GetString() : null;
    }

    [Fact]
    public async Task It_waits_through_a_restart_with_all_that_was_shown()
    {
        var (_, reply, _) = await WaitAsync(FakeReply.Text("Sent."));
        await Live.App.RestartAsync();
        Ada = Again();
        await using var socket = await TestSocket.ConnectAsync(Live.App.Url, $"/ws?token={Ada.Token}&parts=all");
        var snapshot = await socket.NextAsync("message.snapshot");
        (snapshot.Data.Text("content"), snapshot.Data.Number("attempt")).ShouldBe(("I would.", 1));
        PartsOf(snapshot.Data)[1].ShouldContain("\"state\":\"waiting\"");
        (await AnswerAsync(reply, new { approve = true })).Ok();
        var frames = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);
        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());
        foreach (var frame in frames.Prepend(snapshot))
        {
            texts.Apply(frame);
            parts.Apply(frame);
        }
        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        frames[^1].Data.Text("content").ShouldBe("I would.\n\nSent.");
        frames[^1].Data.Number("generation", "attempt").ShouldBe(1);
        Tools.Ran.Count.ShouldBe(1);
    }

    // The same person, at the port of the server that was started again.
    CoteClient Again()
    {
        Ada.Dispose();
        return new(Live.App.Url) { Token = Ada.Token };
    }

    [Theory]
    [InlineData("send")]
    [InlineData("edit")]
    [InlineData("regenerate")]
    public async Task A_new_turn_ends_what_waits_before_its_own_events(string turn)
    {
        var other = await Ada.TurnAsync(Chat, Live.Play(FakeReply.Text("first")).Question);
        var (question, reply, _) = await WaitAsync();
        await using var socket = await TestSocket.ConnectAsync(Live.App.Url, $"/ws?token={Ada.Token}");
        var next = Live.Play(FakeReply.Text("second"));
        var sent = turn switch
        {
            "send" => await Ada.PostAsync($"/chats/{Chat}/messages/", new { content = next.Question }),
            "edit" => await Ada.PostAsync(
                $"/chats/{Chat}/messages/", new { content = next.Question, version_of = question }),
            _ => await Ada.RegenerateAsync(Chat, other.Reply),
        };
        sent.Ok();
        var first = await socket.NextAsync("message");
        first.MessageId.ShouldBe(reply, "its end comes first");
        first.Data.Text("generation", "state").ShouldBe("stopped");
        var call = await CallAsync(reply);
        (call.Text("state"), call.Text("error", "code")).ShouldBe(("denied", "superseded"));
        (await AnswerAsync(reply, new { approve = true })).ErrorCode.ShouldBe("reply_ended");
        await Ada.EndOfAsync(Chat, turn == "regenerate" ? sent.Json.Text("id") : sent.Json.Text("reply_id"));
        Tools.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task Its_own_question_is_not_answered_anew_while_it_waits_unless_it_is_stopped()
    {
        var (question, reply, _) = await WaitAsync(FakeReply.Text("anew"));
        (await Ada.RegenerateAsync(Chat, question)).ErrorCode.ShouldBe("reply_open");
        var anew = (await Ada.RegenerateAsync(Chat, question, new { stop = true })).Ok().Json;
        (await Ada.EndOfAsync(Chat, anew.Text("id"))).Text("content").ShouldBe("anew");
        (await CallAsync(reply)).Text("error", "code").ShouldBe("stopped");
    }

    [Fact]
    public async Task Stop_counts_it_and_what_was_sent_before_it_waited_comes_next()
    {
        var gate = new Gate();
        var play = Live.Play(FakeReply.After(gate).ThenCall("send"));
        var (_, reply) = await Ada.AskForAsync(Chat, play);
        var (_, behind) = await Ada.AskForAsync(Chat, Live.Play(FakeReply.Text("behind it")));
        gate.Open();
        await StateAsync(reply, "waiting");
        (await Ada.MessageAsync(Chat, behind)).Text("generation", "state").ShouldBe("queued");

        await Live.App.WriteAsync($"update messages set wait_until = 1 where id = '{reply}'");
        await Live.App.RestartAsync();
        Ada = Again();
        (await Ada.EndOfAsync(Chat, behind)).Text("content").ShouldBe("behind it");
        (await Ada.MessageAsync(Chat, reply)).Text("generation", "state").ShouldBe("stopped");
        (await CallAsync(reply)).Text("error", "code").ShouldBe("expired");

        var (_, another, _) = await WaitAsync();
        (await Ada.PostAsync($"/chats/{Chat}/stop")).Ok().Json.Number("stopped").ShouldBe(1);
        (await CallAsync(another)).Text("error", "code").ShouldBe("stopped");
    }

    [Fact]
    public async Task An_answer_after_the_wait_is_over_comes_too_late()
    {
        var (_, reply, _) = await WaitAsync();
        await Live.App.WriteAsync($"update messages set wait_until = 1 where id = '{reply}'");
        (await AnswerAsync(reply, new { approve = true })).ErrorCode.ShouldBe("reply_ended");
        Tools.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_poll_waits_for_news_as_long_as_a_reply_waits_for_an_answer()
    {
        var (_, reply, _) = await WaitAsync(FakeReply.Text("Sent."));
        var cursor = (await Ada.GetAsync("/events")).Ok()["cursor"];
        var poll = PollAsync(cursor);
        await Task.Delay(1_500); // Longer than a poll may take while a reply is made.
        (await AnswerAsync(reply, new { approve = true })).Ok();
        (await poll).ShouldBe("message.waiting");
        (await Ada.EndOfAsync(Chat, reply)).Text("content").ShouldBe("I would.\n\nSent.");
    }

    [Fact]
    public async Task It_goes_with_its_chat_and_with_its_question()
    {
        var (question, reply, _) = await WaitAsync();
        (await Ada.DeleteAsync($"/chats/{Chat}/messages/{question}")).Ok();
        (await AnswerAsync(reply, new { approve = true })).ShouldBeNoMessage();
        (await RowsAsync(reply)).ShouldBe(0);
        (question, reply, _) = await WaitAsync();
        (await Ada.DeleteAsync($"/chats/{Chat}")).Ok();
        (await AnswerAsync(reply, new { approve = true })).ShouldBeNoMessage();
        await Patience.UntilAsync(async () => await RowsAsync(reply) == 0, "its rows go");
        Tools.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_wrong_answer_changes_nothing()
    {
        using var eve = await Live.RegisterAsync();
        var (_, reply, _) = await WaitAsync(FakeReply.Text("Sent."));
        var path = $"/chats/{Chat}/messages/{reply}/tool_calls/call_0_0";
        (await AnswerAsync(reply, new { })).ShouldBeWrong("body.approve value_error");
        (await AnswerAsync(reply, new { output = 1 }))
            .ShouldBeWrong("body.approve value_error", "body.output value_error");
        (await AnswerAsync(reply, new { approve = "yes" })).Status.ShouldBe(422);
        (await AnswerAsync(reply, new { approve = true }, "call_9_9")).ErrorCode.ShouldBe("tool_call_not_found");
        (await Ada.PostAsync(path + "/claim", new { client_id = "phone" }))
            .ShouldBeWrong("body.client_id value_error");
        (await eve.PostAsync(path, new { approve = true })).ShouldBeNoMessage();
        (await new CoteClient(Live.App.Url).PostAsync(path, new { approve = true })).ShouldBeAnonymous();
        (await CallAsync(reply)).Text("state").ShouldBe("waiting");
        (await AnswerAsync(reply, new { approve = true })).Ok();
        await Ada.EndOfAsync(Chat, reply);
        Tools.Ran.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_history_that_was_restored_ends_what_waits()
    {
        var (_, reply, _) = await WaitAsync();
        await Live.App.WriteAsync($"update tool_calls set epoch = 'another' where reply_id = '{reply}'");
        await Live.App.RestartAsync();
        Ada = Again();
        await StateAsync(reply, "interrupted");
        var call = await CallAsync(reply);
        (call.Text("state"), call.Text("error", "code")).ShouldBe(("denied", "interrupted"));
    }
}
