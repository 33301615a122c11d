using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Dialects.UIStream.UIRequests;

namespace Cote.Tests.Dialects.UIStream;

/// <summary>The chunks of each kind of reply, live and from the middle.</summary>
public sealed class UIStreamTests(ToolApp app) : ToolAppTests(app), IClassFixture<ToolApp>
{
    const string Pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    static string Raw(string field, string json) => $$$"""{"choices":[{"delta":{"{{{field}}}":[{{{json}}}]}}]}""";

    Task<UIReader> AskAsync(params FakeReply[] replies) =>
        Ada.ChatAsync(Body(Chat, User("m1", Live.Play(replies).Question)));

    [Fact]
    public async Task A_text_is_one_part_of_one_step()
    {
        await using var stream = await AskAsync(FakeReply.Text("Hello", " world"));
        (await stream.ToEndAsync()).ShouldBe([
            "start", "start-step", "text-start", "text-delta Hello world", "text-end", "finish-step", "finish stop"]);

        var (start, finish) = (stream.Chunks[0], stream.Chunks[^1].GetProperty("messageMetadata"));
        var reply = await Ada.MessageAsync(Chat, start.Text("messageId"));
        reply.Text("content").ShouldBe("Hello world");
        (start.Text("messageMetadata", "chat_id"), start.Number("messageMetadata", "seq"))
            .ShouldBe((Chat, reply.Number("seq")));
        (finish.Text("state"), finish.Number("attempt"), finish.Text("model"))
            .ShouldBe(("completed", 1, "openai/fake"));
        finish.GetProperty("usage").ToString()
            .ShouldBe(reply.GetProperty("generation").GetProperty("usage").ToString());
    }

    [Fact]
    public async Task A_thought_stands_before_its_text()
    {
        await using var stream = await AskAsync(FakeReply.Thought("let me", " see").Then("42"));
        (await stream.ToEndAsync()).ShouldBe([
            "start", "start-step", "reasoning-start", "reasoning-delta let me see", "reasoning-end",
            "text-start", "text-delta 42", "text-end", "finish-step", "finish stop"]);
    }

    [Fact]
    public async Task Sources_and_files_are_parts_of_their_own()
    {
        await using var stream = await AskAsync(FakeReply.Text("It rains.")
            .ThenRaw(Raw("annotations", """
                {"type":"url_citation","url_citation":{"url":"https://w.example/","title":"A page","start_index":0,"end_index":2}}
                """.Trim()))
            .ThenRaw(Raw("images",
                $$$"""{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{Pixel}}}"}}""")));
        (await stream.ToEndAsync()).ShouldBe([
            "start", "start-step", "text-start", "text-delta It rains.", "text-end", "file image/png",
            "source-url https://w.example/ A page", "finish-step", "finish stop"]);
        using var http = new HttpClient { BaseAddress = Live.App.Url };
        (await http.GetByteArrayAsync(stream.Chunks.First(x => x.Text("type") == "file").Text("url")))
            .ShouldBe(Convert.FromBase64String(Pixel), "the URL is signed");
    }

    [Fact]
    public async Task Each_model_call_is_a_step_and_the_server_executes_its_tools()
    {
        await using var stream = await AskAsync(
            FakeReply.Text("I look.").ThenCall("look", """{"at":1}"""), FakeReply.Text("Seen."));
        string[] shape = [
            "start", "start-step", "text-start", "text-delta I look.", "text-end",
            """tool-input-available call_0_0 look {"at":1} dynamic executed""",
            "tool-output-available call_0_0 \"look has run\"", "finish-step",
            "start-step", "text-start", "text-delta Seen.", "text-end", "finish-step", "finish stop"];
        (await stream.ToEndAsync()).ShouldBe(shape);
        stream.Chunks.First(x => x.Text("type") == "tool-input-available").Text("title").ShouldBe("Look up");
        await using var again = await Ada.ChatAsync(Body(Chat, User("m1", await QuestionOfAsync(stream))));
        (await again.ToEndAsync()).ShouldBe(shape); // A repeated request is told the same.
        again.MessageId.ShouldBe(stream.MessageId);
    }

    async Task<string> QuestionOfAsync(UIReader stream) => (await Ada.MessageAsync(
        Chat, (await Ada.MessageAsync(Chat, stream.MessageId)).Text("reply_to_id"))).Text("content");

    [Fact]
    public async Task A_tool_that_fails_says_why()
    {
        Tools.Does["look"] = (_, _, _) => throw new InvalidOperationException("no");
        await using var stream = await AskAsync(FakeReply.Call("look"), FakeReply.Text("Sorry."));
        (await stream.ToEndAsync()).ShouldContain(
            x => x.StartsWith("tool-output-error call_0_0 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_reply_ends_with_its_error_after_what_there_is()
    {
        var shown = new Gate();
        await using var stream = await AskAsync(FakeReply.Text("half").ThenWaitFor(shown).ThenCut());
        await stream.UntilTextAsync("half");
        shown.Open();
        var shape = await stream.ToEndAsync();
        shape[..^1].ShouldBe([
            "start", "start-step", "text-start", "text-delta half", "text-end", "finish-step", "message-metadata"]);
        var error = (await Ada.MessageAsync(Chat, stream.MessageId)).GetProperty("generation").GetProperty("error");
        shape[^1].ShouldBe("error " + error.Text("detail"));
        stream.Chunks[^2].Text("messageMetadata", "error", "code").ShouldBe(error.Text("code"));
    }

    [Fact]
    public async Task A_stopped_reply_ends_with_abort_and_nothing_is_open_then()
    {
        var never = new Gate();
        await using var stream = await AskAsync(FakeReply.Text("one").ThenWaitFor(never));
        await stream.UntilTextAsync("one");
        (await Ada.PostAsync($"/api/chat/{Chat}/stop")).Ok().Text.ShouldBe("""{"success":true,"stopped":1}""");
        (await stream.ToEndAsync())[^3..].ShouldBe(["finish-step", "finish interrupted", "abort"]);
        (await Ada.PostAsync($"/api/chat/{Chat}/stop")).Ok()["stopped"].ShouldBe("0");
        (await Ada.GetAsync($"/api/chat/{Chat}/stream")).Status.ShouldBe(204);
    }

    [Fact]
    public async Task Who_comes_in_the_middle_is_told_all_of_it_and_goes_on()
    {
        var gate = new Gate();
        await using var first = await AskAsync(
            FakeReply.Call("look"), FakeReply.Thought("so").Then("one ").ThenWaitFor(gate).Then("two"));
        await first.UntilTextAsync("one ");
        await using var second = await Ada.ResumeAsync(Chat);
        await second.UntilTextAsync("one ");
        gate.Open();
        var shape = await second.ToEndAsync();
        shape.ShouldBe(await first.ToEndAsync());
        shape[^4..].ShouldBe(["text-delta one two", "text-end", "finish-step", "finish stop"]);
        second.MessageId.ShouldBe(first.MessageId);
    }

    [Fact]
    public async Task Closing_a_stream_stops_nothing_and_another_dialect_goes_on_with_the_reply()
    {
        var gate = new Gate();
        string reply;
        await using (var stream = await AskAsync(FakeReply.Text("one ").ThenWaitFor(gate).Then("two")))
        {
            await stream.UntilTextAsync("one ");
            reply = stream.MessageId;
        }
        gate.Open();
        (await Ada.EndOfAsync(Chat, reply)).Text("content").ShouldBe("one two");
    }

    [Fact]
    public async Task Another_attempt_takes_back_what_the_step_has_shown()
    {
        var shown = new Gate();
        await using var stream = await AskAsync(
            FakeReply.Call("look"), FakeReply.Thought("wrong").ThenWaitFor(shown).ThenCut(),
            FakeReply.Thought("right").Then("yes"));
        await stream.UntilTextAsync("wrong");
        shown.Open();
        (await stream.ToEndAsync()).ShouldBe([
            "start", "start-step", "tool-input-available call_0_0 look {} dynamic executed",
            "tool-output-available call_0_0 \"look has run\"", "finish-step",
            "start-step", "reasoning-start", "reasoning-delta wrong", "reset-step", "message-metadata",
            "reasoning-start", "reasoning-delta right", "reasoning-end", "text-start", "text-delta yes", "text-end",
            "finish-step", "finish stop"]);
        await using var late = await Ada.ChatAsync(Body(Chat, User("m1", await QuestionOfAsync(stream))));
        (await late.ToEndAsync()).ShouldNotContain(x => x.Contains("wrong") || x == "reset-step");
    }

    [Fact]
    public async Task A_deleted_message_ends_its_stream_with_an_error()
    {
        var never = new Gate();
        await using var stream = await AskAsync(FakeReply.Text("one").ThenWaitFor(never));
        await stream.UntilTextAsync("one");
        (await Ada.DeleteAsync($"/chats/{Chat}/messages/{stream.MessageId}")).Ok();
        (await stream.ToEndAsync())[^1].ShouldBe("error The message was deleted.");
    }

    [Fact]
    public async Task A_queued_reply_is_announced_at_once_and_follows_the_one_before()
    {
        var gate = new Gate();
        await using var first = await AskAsync(FakeReply.Text("one").ThenWaitFor(gate));
        await first.UntilTextAsync("one");
        await using var second =
            await Ada.ChatAsync(Body(Chat, User("m2", Live.Play(FakeReply.Text("two")).Question)));
        (await second.NextAsync())!.Value.Text("type").ShouldBe("start");
        await using var resumed = await Ada.ResumeAsync(Chat);
        (await resumed.NextAsync())!.Value.Text("messageId").ShouldBe(second.MessageId, "the path ends with it");
        gate.Open();
        (await first.ToEndAsync())[^1].ShouldBe("finish stop");
        (await second.ToEndAsync()).ShouldContain("text-delta two");
        (await resumed.ToEndAsync()).ShouldContain("text-delta two");
    }
}
