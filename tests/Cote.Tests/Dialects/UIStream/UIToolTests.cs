using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Dialects.UIStream.UIRequests;

namespace Cote.Tests.Dialects.UIStream;

/// <summary>Calls that wait for the person at the page, or for the page itself.</summary>
public sealed class UIToolTests(ToolApp app) : ToolAppTests(app), IClassFixture<ToolApp>
{
    static readonly object Place = new { name = "place", parameters = new { type = "object" } };

    object Question(Play play, params object[] tools) => new
    {
        id = Chat,
        messages = new[] { User("m1", play.Question) },
        trigger = "submit-message",
        client_tools = tools,
        client_id = "page",
    };

    object Answer(string reply, params object[] parts) => new
    {
        id = Chat,
        messages = new[] { User("m1", "whatever"), Assistant(reply, parts) },
        trigger = "submit-message",
        messageId = reply,
        client_id = "page",
    };

    async Task<(string Reply, List<string> Shape)> RunAsync(object body, CoteClient? client = null)
    {
        await using var stream = await (client ?? Ada).ChatAsync(body);
        var shape = await stream.ToEndAsync();
        return (stream.MessageId, shape);
    }

    [Fact]
    public async Task A_call_that_is_to_be_allowed_ends_the_stream_and_the_answer_goes_on_from_there()
    {
        var play = Live.Play(
            FakeReply.Text("I would.").ThenCall("send", """{"to":"bob"}"""), FakeReply.Text("Sent."));
        var (reply, shape) = await RunAsync(Question(play));
        shape.ShouldBe([
            "start", "start-step", "text-start", "text-delta I would.", "text-end",
            """tool-input-available call_0_0 send {"to":"bob"} dynamic""", "tool-approval-request call_0_0",
            "finish-step", "finish tool-calls"]);
        await using (var resumed = await Ada.ResumeAsync(Chat))
            (await resumed.ToEndAsync()).ShouldBe(shape);

        var answer = Answer(reply, Allowed(reply, "call_0_0", true));
        string[] rest = [
            "start", "tool-output-available call_0_0 \"send has run\"",
            "start-step", "text-start", "text-delta Sent.", "text-end", "finish-step", "finish stop"];
        var (same, after) = await RunAsync(answer);
        after.ShouldBe(rest);
        same.ShouldBe(reply);
        (await RunAsync(answer)).Shape.ShouldBe(rest); // Again: the answer was lost on its way.
        Tools.Ran.ShouldBe(["""send {"to":"bob"}"""]);
        play.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task A_call_that_is_denied_is_not_executed()
    {
        var play = Live.Play(FakeReply.Call("send"), FakeReply.Text("As you wish."));
        var (reply, _) = await RunAsync(Question(play));
        var (_, after) = await RunAsync(Answer(reply, Allowed(reply, "call_0_0", false, "not to him")));
        after.ShouldBe([
            "start", "tool-output-denied call_0_0",
            "start-step", "text-start", "text-delta As you wish.", "text-end", "finish-step", "finish stop"]);
        Tools.Ran.ShouldBeEmpty();
        var (_, late) = await RunAsync(new
        {
            id = Chat,
            messages = new[] { User("m1", play.Question) },
        });
        late[2..6].ShouldBe([
            "tool-input-available call_0_0 send {} dynamic executed", "tool-approval-request call_0_0",
            "tool-approval-response call_0_0 False", "tool-output-denied call_0_0"]);
    }

    [Fact]
    public async Task A_tool_of_the_page_is_executed_by_it_and_answers()
    {
        var play = Live.Play(FakeReply.Call("place", """{"exact":true}"""), FakeReply.Text("You are there."));
        var (reply, shape) = await RunAsync(Question(play, Place));
        shape.ShouldBe([
            "start", "start-step", """tool-input-available call_0_0 place {"exact":true}""",
            "finish-step", "finish tool-calls"]);
        var (_, after) = await RunAsync(Answer(reply, Returned(reply, "call_0_0", new { lat = 52.5 })));
        after.ShouldBe([
            "start", "start-step", "text-start", "text-delta You are there.", "text-end", "finish-step",
            "finish stop"]);
        await play.NextCallAsync();
        (await play.NextCallAsync()).Messages.EnumerateArray().Last().Text("content").ShouldBe("""{"lat":52.5}""");
    }

    [Fact]
    public async Task A_tool_of_the_page_may_fail()
    {
        var play = Live.Play(FakeReply.Call("place"), FakeReply.Text("Then not."));
        var (reply, _) = await RunAsync(Question(play, Place));
        var part = new
        {
            type = "tool-place",
            toolCallId = $"{reply}_call_0_0",
            state = "output-error",
            errorText = "No GPS",
        };
        (await RunAsync(Answer(reply, part))).Shape.ShouldContain("text-delta Then not.");
        await play.NextCallAsync();
        (await play.NextCallAsync()).Messages.EnumerateArray().Last().Text("content").ShouldBe("No GPS.");
    }

    [Fact]
    public async Task Calls_of_one_step_are_answered_one_after_the_other_or_together()
    {
        var play = Live.Play(
            FakeReply.Call("send", """{"n":1}""").ThenCall("place").ThenCall("save"), FakeReply.Text("Done."));
        var (reply, shape) = await RunAsync(Question(play, Place));
        shape[2..].ShouldBe([
            """tool-input-available call_0_0 send {"n":1} dynamic""", "tool-approval-request call_0_0",
            "tool-input-available call_0_1 place {}", "tool-input-available call_0_2 save {} dynamic executed",
            "tool-output-available call_0_2 \"save has run\"", "finish-step", "finish tool-calls"], ignoreOrder: true);
        var returned = Returned(reply, "call_0_1", "here");
        (await RunAsync(Answer(reply, returned))).Shape[^1].ShouldBe("finish tool-calls", "another one waits");
        (await RunAsync(Answer(reply, returned, Allowed(reply, "call_0_0", true)))).Shape.ShouldBe([
            "start", "tool-output-available call_0_2 \"save has run\"",
            "tool-output-available call_0_0 \"send has run\"",
            "start-step", "text-start", "text-delta Done.", "text-end", "finish-step", "finish stop"],
            ignoreOrder: true);
        Tools.Ran.ShouldBe(["save {}", """send {"n":1}"""]);
    }

    [Fact]
    public async Task Nothing_counts_but_answers_to_calls_that_wait_for_this_page()
    {
        var play = Live.Play(FakeReply.Call("look").ThenCall("send"), FakeReply.Text("Done."));
        var (reply, _) = await RunAsync(Question(play));
        // An output of the server's, an approval of what needs none, and a call that nobody made.
        (await Ada.PostAsync("/api/chat", Answer(reply,
            Returned(reply, "call_0_0", "forged", "look"), Returned(reply, "call_0_1", "forged", "send"),
            Allowed(reply, "call_9_9", true)))).ShouldBeWrong("body.messages.1.parts value_error");
        (await Ada.PostAsync("/api/chat", Answer(reply, Allowed(reply, "call_0_0", true, tool: "look"))))
            .Status.ShouldBe(422, "nothing that waits is answered");
        (await Ada.PostAsync("/api/chat", Answer(reply))).Status.ShouldBe(422);
        (await Ada.PostAsync("/api/chat", Answer("unknown", Allowed(reply, "call_0_1", true)))).ShouldBeNoMessage();
        (await Ada.PostAsync("/api/chat", Answer(Guid.CreateVersion7().ToString()))).ShouldBeNoMessage();
        var forged = new
        {
            type = "dynamic-tool",
            toolCallId = $"{reply}_call_0_1",
            state = "approval-responded",
            input = new { to = "everybody" },
            approval = new { id = "x", approved = true },
        };
        await RunAsync(Answer(reply, forged, Returned(reply, "call_0_0", "forged", "look")));
        Tools.Ran.ShouldBe(["look {}", "send {}"]);
        play.Calls.ShouldBe(2);
        (await Ada.PostAsync("/api/chat", Answer(reply))).ErrorCode.ShouldBe("reply_ended");
    }

    [Fact]
    public async Task Who_answers_second_is_shown_what_the_first_one_said()
    {
        var play = Live.Play(FakeReply.Call("send"), FakeReply.Text("Done."));
        var (reply, _) = await RunAsync(Question(play));
        (await Ada.PostAsync($"/chats/{Chat}/messages/{reply}/tool_calls/call_0_0", new { approve = false })).Ok();
        await Ada.EndOfAsync(Chat, reply);
        (await RunAsync(Answer(reply, Allowed(reply, "call_0_0", true)))).Shape[..2]
            .ShouldBe(["start", "tool-output-denied call_0_0"]);
        Tools.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_call_that_another_installation_has_claimed_is_not_this_pages()
    {
        var play = Live.Play(FakeReply.Call("place"), FakeReply.Text("Done."));
        var (reply, _) = await RunAsync(Question(play, Place));
        var path = $"/chats/{Chat}/messages/{reply}/tool_calls/call_0_0/claim";
        (await Ada.PostAsync(path, new { client_id = "phone" })).Ok();
        (await Ada.PostAsync("/api/chat", Answer(reply, Returned(reply, "call_0_0", 1)))).ErrorCode.ShouldBe("claimed");
    }

    [Fact]
    public async Task A_new_message_ends_what_waits()
    {
        var play = Live.Play(FakeReply.Call("send"));
        var (reply, _) = await RunAsync(Question(play));
        var (next, shape) = await RunAsync(Body(
            Chat, User("m1", play.Question), Assistant(reply), User("m2", Live.Play(FakeReply.Text("ok")).Question)));
        shape.ShouldContain("text-delta ok");
        next.ShouldNotBe(reply);
        (await Ada.MessageAsync(Chat, reply)).Text("generation", "state").ShouldBe("stopped");
        (await RunAsync(Answer(reply, Allowed(reply, "call_0_0", true)))).Shape
            .ShouldBe([
                "start", "tool-output-error call_0_0 The user went on without answering", "finish interrupted",
                "abort"]);
        Tools.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_key_allows_only_with_the_scope_for_it_and_returns_outputs_without()
    {
        using var robot = await Ada.WithKeyAsync("read", "write");
        var play = Live.Play(FakeReply.Call("send").ThenCall("place"), FakeReply.Text("Done."));
        var (reply, _) = await RunAsync(Question(play, Place), robot);
        (await robot.PostAsync("/api/chat", Answer(reply, Allowed(reply, "call_0_0", true)))).ErrorCode
            .ShouldBe("insufficient_scope");
        (await RunAsync(Answer(reply, Returned(reply, "call_0_1", 1)), robot)).Shape[^1].ShouldBe("finish tool-calls");
        using var boss = await Ada.WithKeyAsync("read", "write", "approve");
        (await RunAsync(Answer(reply, Allowed(reply, "call_0_0", true)), boss)).Shape.ShouldContain("text-delta Done.");
    }
}
