using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>The demo models with tools, and what a chat may choose: what an app developer tries first.</summary>
public sealed class DemoToolTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    static async Task<JsonElement> AskAsync(CoteClient ada, string model)
    {
        var chat = await ada.CreateChatAsync(model: model);
        var question = await ada.AskAsync(chat, "hello");
        return await ada.EndOfAsync(chat, question.Text("reply_id"));
    }

    static JsonElement Call(JsonElement reply) =>
        reply.GetProperty("parts").EnumerateArray().Single(x => x.Text("type") == "tool");

    [Fact]
    public async Task The_clock_is_read_without_a_question()
    {
        using var ada = await _app.RegisterAsync();
        var reply = await AskAsync(ada, "demo/tool");
        (Call(reply).Text("name"), Call(reply).Text("state")).ShouldBe(("demo_clock", "done"));
        reply.Text("content").ShouldStartWith("Let me ask a tool.\n\nThe tool answered: 20");
    }

    [Fact]
    public async Task A_note_is_made_once_it_is_allowed()
    {
        using var ada = await _app.RegisterAsync();
        var path = await ada.WaitForToolAsync("demo/approval");
        (await ada.PostAsync(path, new { approve = true })).Ok();
        var reply = path[..path.IndexOf("/tool_calls", StringComparison.Ordinal)].Split('/');
        (await ada.EndOfAsync(reply[2], reply[4])).Text("content")
            .ShouldBe("Let me ask a tool.\n\nThe tool answered: Noted: “a”");
    }

    [Fact]
    public async Task A_tool_that_is_not_there_is_no_end_of_the_reply()
    {
        using var ada = await _app.RegisterAsync();
        var reply = await AskAsync(ada, "demo/fail-in-tool");
        (Call(reply).Text("state"), Call(reply).Text("error", "code")).ShouldBe(("failed", "tool_gone"));
        reply.Text("generation", "state").ShouldBe("completed");
    }

    [Fact]
    public async Task A_chat_chooses_its_tools()
    {
        using var ada = await _app.RegisterAsync();
        var tools = (await ada.GetAsync("/tools")).Ok().Json.EnumerateArray().ToList();
        tools.Select(x => (x.Text("name"), x.Text("source"), x.Text("approval")))
            .ShouldBe([("demo_clock", "server", "never"), ("demo_note", "server", "ask")]);
        tools.ShouldAllBe(x => x.GetProperty("available").GetBoolean());
        var chat = await ada.CreateChatAsync(model: "demo/tool");
        (await ada.PatchAsync($"/chats/{chat}", new { tools = new[] { "demo_note" } })).Ok().Json.GetProperty("tools")
            .GetRawText().ShouldBe("""["demo_note"]""");
        var question = await ada.AskAsync(chat, "hello");
        (await ada.EndOfAsync(chat, question.Text("reply_id"))).Text("content")
            .ShouldBe("I would call a tool now, but there is none that I may call.");
        (await ada.PatchAsync($"/chats/{chat}", new { tools = new[] { "nothing" } }))
            .ShouldBeWrong("body.tools value_error");
        (await ada.PatchAsync($"/chats/{chat}", new { tools = "demo_note" })).Status.ShouldBe(422);
        (await ada.PostAsync("/chats/", new { title = "a", tools = new[] { "files__*" } }))
            .ShouldBeWrong("body.tools value_error");
        var fork = (await ada.PostAsync($"/chats/{chat}/fork", new { })).Ok().Json;
        fork.GetProperty("tools").GetRawText().ShouldBe("""["demo_note"]""");
    }

    [Fact]
    public async Task A_fork_an_export_and_an_import_keep_the_calls()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "demo/tool");
        var (_, reply) = await ada.TurnAsync(chat, "hello");
        var call = Call(await ada.MessageAsync(chat, reply)).GetRawText();
        var fork = (await ada.PostAsync($"/chats/{chat}/fork", new { })).Ok().Json.Text("id");
        Call((await ada.MessagesAsync(fork))[1]).GetRawText().ShouldBe(call);
        var export = (await ada.GetAsync($"/chats/{fork}/export")).Ok();
        export.Text.ShouldContain("demo_clock");
        (await ada.DeleteAsync($"/chats/{fork}")).Ok();
        using var bob = await _app.RegisterAsync();
        (await bob.SendAsync(HttpMethod.Post, "/import", export.Text)).Ok().Json.Number("chats").ShouldBe(1);
        var imported = (await bob.GetAsync("/chats/")).Ok().Json[0].Text("id");
        Call((await bob.MessagesAsync(imported))[1]).GetRawText().ShouldBe(call);
        var again = (await bob.PostAsync($"/chats/{imported}/fork", new { })).Ok().Json.Text("id");
        Call((await bob.MessagesAsync(again))[1]).GetRawText().ShouldBe(call);
    }
}
