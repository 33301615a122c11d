using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>What a call that waits shows, what it takes for an answer, and what makes a call wait.</summary>
public sealed class ToolTrustTests(ToolApp app) : ToolAppTests(app), IClassFixture<ToolApp>
{
    async Task<string> WaitAsync(params FakeReply[] script)
    {
        var (_, reply) = await Ada.AskForAsync(Chat, Live.Play(script));
        await Patience.UntilAsync(
            async () => (await Ada.MessageAsync(Chat, reply)).Text("generation", "state") == "waiting", "it waits");
        return reply;
    }

    Task<Reply> AnswerAsync(string reply, string json, string call = "call_0_0") =>
        Ada.PostAsync($"/chats/{Chat}/messages/{reply}/tool_calls/{call}", json);

    [Fact]
    public async Task After_what_a_tool_says_of_its_failure_what_changes_something_asks()
    {
        Tools.Does["look"] = (_, _, _) => throw new ProblemException(Problems.NotFound);
        var reply = await WaitAsync(FakeReply.Call("look"), FakeReply.Call("save"), FakeReply.Text("ok"));

        Tools.Ran.ShouldBe(["look {}"]);
        (await AnswerAsync(reply, """{"approve":true}""", "call_1_0")).Ok();
        (await Ada.EndOfAsync(Chat, reply)).Text("content").ShouldBe("ok");
        Tools.Ran[^1].ShouldBe("save {}");
    }

    [Fact]
    public async Task A_file_of_a_reply_that_waits_can_be_fetched_by_its_url()
    {
        Tools.Does["look"] = (_, _, _) => Task.FromResult<object?>(new string('x', 100_000));
        var reply = await WaitAsync(
            FakeReply.Text("I look.").ThenCall("look"), FakeReply.Call("send"), FakeReply.Text("ok"));
        using var anyone = Live.App.Anonymous();

        foreach (var message in (JsonElement[])[
            (await Ada.GetAsync($"/chats/{Chat}/messages/{reply}")).Ok().Json,
            (await Ada.MessagesAsync(Chat))[1],
            (await AnswerAsync(reply, """{"approve":true}""", "call_1_0")).Ok().Json])
        {
            var file = message.GetProperty("parts").EnumerateArray().First(x => x.Text("type") == "file");
            (await anyone.GetAsync(file.Text("url"))).Ok().Text.Length.ShouldBe(100_000);
        }
        await Ada.EndOfAsync(Chat, reply);
    }

    [Fact]
    public async Task Null_is_no_answer_and_the_same_one_may_be_written_otherwise()
    {
        var reply = await WaitAsync(FakeReply.Call("send"), FakeReply.Text("ok"));
        foreach (var nothing in (string[])["""{"approve":null}""", """{"output":null,"error":null}"""])
            (await AnswerAsync(reply, nothing)).Status.ShouldBe(422, nothing);

        (await AnswerAsync(reply, """{"approve":true,"output":null,"error":null,"reason":null}""")).Ok();
        (await AnswerAsync(reply, """{ "approve" : true }""")).Ok().Header("Idempotent-Replayed").ShouldBe("true");
        (await AnswerAsync(reply, """{"approve":false}""")).ErrorCode.ShouldBe("already_answered");
        await Ada.EndOfAsync(Chat, reply);
    }

    [Fact]
    public async Task What_waits_since_before_a_restored_history_is_not_answered()
    {
        var reply = await WaitAsync(FakeReply.Call("send"), FakeReply.Text("never"));
        await Live.App.WriteAsync($"update tool_calls set epoch = 'another' where reply_id = '{reply}'");

        (await AnswerAsync(reply, """{"approve":true}""")).ErrorCode.ShouldBe("reply_ended");
        Tools.Ran.ShouldBeEmpty();
    }
}
