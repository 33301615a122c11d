using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using Cote.Tests.Tools;
using Cote.Tests.Usage;

namespace Cote.Tests.Admin;

/// <summary>What admins are told of providers and MCP servers.</summary>
public sealed class ProviderTests
{
    [Fact]
    public async Task Providers_and_MCP_servers_are_as_the_last_call_left_them()
    {
        await using var mcp = await McpTestServer.StartAsync();
        mcp.Tools.Add(McpTestServer.Tool("read", "Reads.", new() { ReadOnlyHint = true }));
        mcp.Answer = (_, _) => Task.FromResult(McpTestServer.Result("read"));
        await using var live = await LiveApp.StartAsync(
            $"Tools:Mcp:files:Url={mcp.Url}", "Tools:Mcp:files:TrustHints=true",
            "Tools:Mcp:files:Headers:X-Key=sk-secret-header", "Tools:Mcp:away:Url=http://127.0.0.1:9/");
        using var root = await live.App.RegisterAdminAsync();
        using var ada = await live.RegisterAsync();

        var before = (await root.GetAsync("/admin/providers")).Ok();
        before.Json.EnumerateArray().Select(x => $"{x.Text("kind")} {x.Text("name")} {x.Text("state")}").ShouldBe([
            "models anthropic unused", "models demo unused", "models openai unused", "mcp away unused",
            "mcp files unused"]);
        before.Json.EnumerateArray().ShouldAllBe(x => x.GetProperty("current").GetBoolean());
        var chat = await ada.CreateChatAsync(model: "openai");
        var (_, failed) = await ada.AskForAsync(chat, live.Play(FakeReply.Refuse(401)));
        await ada.EndOfAsync(chat, failed);

        var model = await root.ModelAsync("openai", "fake");
        (model.Text("state"), model.Text("last_fault"), model.Number("calls"), model.Number("failed_calls"))
            .ShouldBe(("failing", "unauthorized", 1, 1));
        model.GetProperty("last_success_at").ValueKind.ShouldBe(JsonValueKind.Null);
        (await root.ProviderAsync("openai")).Text("state").ShouldBe("failing");
        var away = await root.ProviderAsync("away");
        (away.Text("state"), away.GetProperty("mcp").GetProperty("connected").GetBoolean())
            .ShouldBe(("failing", false));
        away.GetProperty("mcp").Text("last_fault").ShouldNotBeNullOrEmpty();

        var gate = new Gate();
        var play = live.Play(FakeReply.Refuse(500), FakeReply.Call("files__read"), FakeReply.After(gate).Then("ok"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        for (var calls = 0; calls < 3; calls++)
            await play.NextCallAsync();

        model = await root.ModelAsync("openai", "fake");
        (model.Text("state"), model.Number("open_calls"), model.Number("calls"), model.Number("retries"))
            .ShouldBe(("ok", 1, 3, 1));
        gate.Open();
        await ada.EndOfAsync(chat, reply);
        (await root.ModelAsync("openai", "fake")).Number("open_calls").ShouldBe(0);
        var (_, odd) = await ada.AskForAsync(chat, live.Play(FakeReply.Refuse(400)));
        await ada.EndOfAsync(chat, odd);
        (await root.ModelAsync("openai", "fake")).Text("state").ShouldBe("ok", "the question was at fault");
        var files = await root.ProviderAsync("files");
        var seen = files.GetProperty("mcp");
        (files.Text("state"), seen.GetProperty("connected").GetBoolean(), seen.Number("tools"), seen.Number("calls"),
            seen.Number("failed_calls"), seen.Number("open_calls")).ShouldBe(("ok", true, 2, 1, 0, 0));
        var all = (await root.GetAsync("/admin/providers")).Ok().Text;
        all.ShouldNotContain("sk-");
        all.ShouldNotContain("127.0.0.1");
    }

    [Fact]
    public async Task A_question_that_is_refused_for_what_it_holds_says_nothing_against_the_provider()
    {
        await using var live = await LiveApp.StartAsync();
        using var root = await live.App.RegisterAdminAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var (_, refused) = await ada.AskForAsync(
            chat, live.Play(FakeReply.Text() with { FinishReason = "content_filter" }, FakeReply.Text("ok")));
        await ada.EndOfAsync(chat, refused);

        (await root.ModelAsync("openai", "fake")).Text("state").ShouldBe("ok");

        var (_, stopped) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("a").ThenWaitFor(new Gate())));
        await Patience.UntilAsync(
            async () => (await root.ModelAsync("openai", "fake")).Number("open_calls") == 1, "it is called");
        (await ada.PostAsync($"/chats/{chat}/stop")).Ok();
        await ada.EndOfAsync(chat, stopped);
        await Patience.UntilAsync(
            async () => (await root.ModelAsync("openai", "fake")).Number("open_calls") == 0, "the call is over");
        (await root.ModelAsync("openai", "fake")).Number("calls").ShouldBe(1, "one that was stopped is not counted");
    }
}
