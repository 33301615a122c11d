using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Replies;

/// <summary>Tools that a client brings with its question and executes itself.</summary>
public sealed class ClientToolTests(LiveApp live) : IClassFixture<LiveApp>
{
    static readonly object Place = new
    {
        name = "place",
        description = "Where the phone is.",
        parameters = new { type = "object", properties = new { } },
    };

    static object Question(string content, params object[] tools) =>
        new { content, client_tools = tools, client_id = "phone" };

    async Task<(CoteClient Ada, string Chat, string Reply, Play Play)> WaitAsync(params FakeReply[] then)
    {
        var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var play = live.Play([FakeReply.Call("place", """{"exact":true}"""), .. then]);
        var sent = (await ada.PostAsync($"/chats/{chat}/messages/", Question(play.Question, Place))).Ok().Json;
        sent.Names().ShouldNotContain("client");
        var reply = sent.Text("reply_id");
        await Patience.UntilAsync(
            async () => (await ada.MessageAsync(chat, reply)).Text("generation", "state") == "waiting", "it waits");
        return (ada, chat, reply, play);
    }

    static async Task<JsonElement> CallAsync(CoteClient ada, string chat, string reply) =>
        (await ada.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json.GetProperty("parts")
        .EnumerateArray().First(x => x.Text("type") == "tool");

    [Theory]
    [InlineData("\"Berlin\"", "Berlin")]
    [InlineData("""{"lat":52.5,"lon":13.4}""", """{"lat":52.5,"lon":13.4}""")]
    [InlineData("null", "(no output)")]
    public async Task Its_output_is_given_to_the_model(string output, string told)
    {
        var (ada, chat, reply, play) = await WaitAsync(FakeReply.Text("You are there."));
        await using var socket = await ada.ConnectAsync();
        var path = $"/chats/{chat}/messages/{reply}/tool_calls/call_0_0";
        PartsOf((await ada.GetAsync($"/chats/{chat}/messages/{reply}")).Ok().Json).ShouldBe([
            """{"type":"tool","call_id":"call_0_0","name":"place","source":"client","client_id":"phone","state":"waiting","input":{"exact":true}}"""]);
        var answer = JsonElement.Parse($$"""{"output":{{output}},"client_id":"phone"}""");
        (await ada.PostAsync(path, answer)).Ok();
        (await ada.EndOfAsync(chat, reply)).Text("content").ShouldBe("You are there.");
        var call = await CallAsync(ada, chat, reply);
        (call.Text("state"), call.TryGetProperty("output", out var stored) ? stored.GetRawText() : "null")
            .ShouldBe(("done", output));
        await play.NextCallAsync();
        (await play.NextCallAsync()).Messages.EnumerateArray().Last().Text("content").ShouldBe(told);
        (await ada.PostAsync(path, answer)).Ok().Header("Idempotent-Replayed").ShouldBe("true");
        (await ada.PostAsync(path, new { output = "Paris", client_id = "phone" })).ErrorCode
            .ShouldBe("already_answered");
    }

    [Fact]
    public async Task What_no_reader_could_take_is_refused_and_changes_nothing()
    {
        var (ada, chat, reply, _) = await WaitAsync(FakeReply.Text("ok"));
        var path = $"/chats/{chat}/messages/{reply}/tool_calls/call_0_0";
        var deep = string.Concat(Enumerable.Repeat("[", 55)) + string.Concat(Enumerable.Repeat("]", 55));
        foreach (var output in (string[])["{\"a\":\"\\ud800\"}", "{\"\\udfff\":1}", deep])
            (await ada.PostAsync(path, $$"""{"output":{{output}}}""")).Status.ShouldBe(422, output);
        (await CallAsync(ada, chat, reply)).Text("state").ShouldBe("waiting");
        (await ada.PostAsync(path, """{"output":"half \ud800"}""")).Ok();
        await ada.EndOfAsync(chat, reply);
        (await CallAsync(ada, chat, reply)).Text("output").ShouldBe("half \ufffd");
    }

    [Fact]
    public async Task Its_error_is_told_to_the_model()
    {
        var (ada, chat, reply, play) = await WaitAsync(FakeReply.Text("Then not."));
        (await ada.PostAsync($"/chats/{chat}/messages/{reply}/tool_calls/call_0_0", new { error = "No GPS" })).Ok();
        await ada.EndOfAsync(chat, reply);
        var call = await CallAsync(ada, chat, reply);
        (call.Text("state"), call.Text("error", "detail")).ShouldBe(("failed", "No GPS"));
        await play.NextCallAsync();
        (await play.NextCallAsync()).Messages.EnumerateArray().Last().Text("content").ShouldBe("No GPS.");
    }

    [Fact]
    public async Task Another_installation_executes_it_once_it_has_claimed_it()
    {
        var (ada, chat, reply, _) = await WaitAsync(FakeReply.Text("ok"));
        var path = $"/chats/{chat}/messages/{reply}/tool_calls/call_0_0";
        (await ada.PostAsync(path + "/claim", new { client_id = "tablet" })).Ok();
        (await ada.PostAsync(path + "/claim", new { client_id = "tablet" })).Ok();
        (await ada.PostAsync(path + "/claim", new { client_id = "watch" })).ErrorCode.ShouldBe("claimed");
        (await ada.PostAsync(path, new { output = 1, client_id = "phone" })).ErrorCode.ShouldBe("claimed");
        (await ada.PostAsync(path, new { output = 1 })).ErrorCode.ShouldBe("claimed");
        await live.App.WriteAsync("update tool_calls set claimed_until = 1 where claimed_by = 'tablet'");
        (await ada.PostAsync(path + "/claim", new { client_id = "watch" })).Ok();
        (await ada.PostAsync(path, new { output = 2, client_id = "watch" })).Ok();
        await ada.EndOfAsync(chat, reply);
        (await ada.PostAsync(path + "/claim", new { client_id = "watch" })).ErrorCode.ShouldBe("already_answered");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("<html><body><script>alert(1)</script>")]
    [InlineData("GIF89a")]
    public async Task A_long_output_is_cut_for_the_model_and_kept_whole_as_a_file(string beginning)
    {
        var (ada, chat, reply, _) = await WaitAsync(FakeReply.Text("ok"));
        var text = beginning + new string('x', 100_000);
        (await ada.PostAsync($"/chats/{chat}/messages/{reply}/tool_calls/call_0_0", new { output = text })).Ok();
        await ada.EndOfAsync(chat, reply);
        var parts = (await ada.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json.GetProperty("parts");
        parts[0].Text("output").Length.ShouldBe(65_536);
        parts[0].GetProperty("truncated").GetBoolean().ShouldBeTrue();
        (parts[1].Text("type"), parts[1].Text("call_id"), parts[1].Text("content_type"))
            .ShouldBe(("file", "call_0_0", "text/plain"));
        using var http = new HttpClient();
        (await http.GetStringAsync(new Uri(live.App.Url, parts[1].Text("url")))).ShouldBe(text);
    }

    [Fact]
    public async Task They_go_with_a_fork_of_their_question()
    {
        var (ada, chat, reply, play) = await WaitAsync(FakeReply.Text("You are there."));
        (await ada.PostAsync($"/chats/{chat}/messages/{reply}/tool_calls/call_0_0", new { output = "Berlin" })).Ok();
        await ada.EndOfAsync(chat, reply);
        var fork = (await ada.PostAsync($"/chats/{chat}/fork", new { })).Ok()["id"];

        var anew = (await ada.RegenerateAsync(fork, (await ada.MessagesAsync(fork))[0].Text("id"))).Ok()["id"];
        await ada.EndOfAsync(fork, anew);

        for (var call = 0; call < 3; call++)
            (await play.NextCallAsync()).Body.GetProperty("tools")[0].Text("function", "name").ShouldBe("place");
    }

    [Fact]
    public async Task A_description_counts_as_it_is_sent_in_any_script()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");

        // 48 KB of UTF-8, and twice as much in escapes.
        var tool = $$"""{"name":"place","description":"{{new string('鸽', 16_000)}}"}""";
        (await ada.PostAsync($"/chats/{chat}/messages/",
            $$"""{"content":"hello","client_tools":[{{tool}}],"client_id":"phone"}""")).Ok();
    }

    [Fact]
    public async Task Wrong_tools_are_refused_and_nothing_is_stored()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        async Task<Reply> SendAsync(params object[] tools) =>
            await ada.PostAsync($"/chats/{chat}/messages/", Question("hello", tools));

        (await SendAsync(new { name = "two words" })).ShouldBeWrong("body.client_tools.0.name value_error");
        (await SendAsync(Place, Place)).ShouldBeWrong("body.client_tools.1.name value_error");
        (await SendAsync(new { name = "demo_clock" })).ShouldBeWrong("body.client_tools.0.name value_error");
        (await SendAsync(new { description = "no name" })).ShouldBeWrong("body.client_tools.0.name missing");
        (await SendAsync("text")).Status.ShouldBe(422);
        (await SendAsync([.. Enumerable.Range(0, 33).Select(x => new { name = $"t{x}" })]))
            .ShouldBeWrong("body.client_tools too_long");
        var description = new string('d', 10_000);
        (await SendAsync([.. Enumerable.Range(0, 8).Select(x => new { name = $"t{x}", description })]))
            .ShouldBeWrong("body.client_tools value_error");
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "hello", client_tools = new[] { Place } }))
            .ShouldBeWrong("body.client_id missing");
        (await ada.MessagesAsync(chat)).ShouldBeEmpty();

        var id = Guid.CreateVersion7();
        Task<Reply> with(string name) => ada.PostAsync($"/chats/{chat}/messages/",
            new { id, content = "hello", client_tools = new[] { new { name } }, client_id = "p" });
        (await with("a")).Ok();
        (await with("a")).Ok().Header("Idempotent-Replayed").ShouldBe("true");
        (await with("b")).ErrorCode.ShouldBe("id_conflict");
    }

    [Fact]
    public async Task They_hold_for_every_reply_to_the_question_and_for_no_other()
    {
        var (ada, chat, reply, play) = await WaitAsync(FakeReply.Text("ok"), FakeReply.Text("again"));
        (await ada.PostAsync($"/chats/{chat}/messages/{reply}/tool_calls/call_0_0", new { output = 1 })).Ok();
        await ada.EndOfAsync(chat, reply);
        var anew = (await ada.PostAsync($"/chats/{chat}/messages/{reply}/regenerate", new { })).Ok().Json.Text("id");
        await ada.EndOfAsync(chat, anew);
        for (var call = 0; call < 3; call++)
            (await play.NextCallAsync()).Body.GetProperty("tools")[0].Text("function", "name").ShouldBe("place");
        var other = live.Play(FakeReply.Text("none"));
        var (_, last) = await ada.AskForAsync(chat, other);
        await ada.EndOfAsync(chat, last);
        (await other.NextCallAsync()).Body.TryGetProperty("tools", out _).ShouldBeFalse();
    }
}
