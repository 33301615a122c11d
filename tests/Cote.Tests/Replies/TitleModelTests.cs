using System.Text.Json;
using Cote.Models;
using Cote.Replies;
using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>Titles that a model makes after the first reply.</summary>
public sealed class TitleModelTests
{
    const string Setting = "Titles:Model=openai/fake";

    [Theory]
    [InlineData("Doves and home", "Doves and home")]
    [InlineData("  \"Doves\"\n", "Doves")]
    [InlineData("<think>\nI think aloud.\n</think>\n\nDoves", "Doves")]
    [InlineData("\n<think>never closed", null)]
    [InlineData("<think>only</think>", null)]
    [InlineData("Two\nlines", null)]
    [InlineData("   ", null)]
    [InlineData("***", null)]
    [InlineData("Home <think>of</think> doves", "Home <think>of</think> doves")]
    [Trait("Rows", "none")]
    public void An_answer_is_a_title_or_none(string answer, string? title) =>
        TitleText.Of(answer, new(null, "stop", null)).ShouldBe(title);

    [Fact]
    [Trait("Rows", "none")]
    public void An_answer_that_is_too_long_or_cut_is_none()
    {
        TitleText.Of(new string('x', 80), new(null, "stop", null)).ShouldBe(new string('x', 80));
        TitleText.Of(new string('x', 81), new(null, "stop", null)).ShouldBeNull();
        TitleText.Of("Doves", new(null, "length", null)).ShouldBeNull();
        TitleText.Of("Doves", new(ModelFault.Truncated, null, null)).ShouldBeNull();
    }

    [Fact]
    public async Task After_the_first_reply_a_model_makes_the_title_once()
    {
        await using var live = await LiveApp.StartAsync(Setting);
        using var ada = await live.RegisterAsync();
        var chat = await CreateAsync(ada);
        var play = live.Play(
            FakeReply.Text("By the sun."), FakeReply.Text("<think>hm</think>The way home"), FakeReply.Text("never"));
        await using var socket = await ada.ConnectAsync();

        var (_, reply) = await ada.AskForAsync(chat, play);

        (await socket.NextAsync("chat.updated")).Data.Text("title").ShouldBe(play.Question);
        await socket.EndOfAsync(reply);
        var before = (await ada.GetAsync($"/chats/{chat}")).Ok();
        var titled = (await socket.NextAsync("chat.updated")).Data;
        (titled.Text("title"), titled.Text("title_source")).ShouldBe(("The way home", "auto"));
        titled.Text("last_message_time").ShouldBe(before["last_message_time"]);
        await play.NextCallAsync();
        var call = await play.NextCallAsync();
        call.Body.GetProperty("reasoning_effort").GetString().ShouldBe("none");
        call.Body.GetProperty("max_tokens").GetInt32().ShouldBe(32);
        call.Messages.ToString().ShouldContain("By the sun.");
        var second = live.Play(FakeReply.Text("more"));
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, second)).Reply);
        await LaterTitleAsync(live, ada);
        second.Calls.ShouldBe(1);
        play.Calls.ShouldBe(2);
        (await ada.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe("The way home");
    }

    [Fact]
    public async Task Only_a_completed_reply_leads_to_a_title_and_a_chat_with_one_gets_none()
    {
        await using var live = await LiveApp.StartAsync(Setting);
        using var ada = await live.RegisterAsync();
        var (chat, named) = (await CreateAsync(ada), await ada.CreateChatAsync("Mine"));
        var own = live.Play(FakeReply.Text("one"), FakeReply.Text("never"));
        await ada.EndOfAsync(named, (await ada.AskForAsync(named, own)).Reply);
        var failed = live.Play(FakeReply.Refuse(401), FakeReply.Text("never"));
        (await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, failed)).Reply)).Text("generation", "state")
            .ShouldBe("failed");

        await LaterTitleAsync(live, ada);
        (own.Calls, failed.Calls).ShouldBe((1, 1));
        await using var socket = await ada.ConnectAsync();
        var play = live.Play(FakeReply.Text("two"), FakeReply.Text("The second try"));
        await ada.AskForAsync(chat, play);
        (await socket.NextAsync("chat.updated")).Data.Text("title").ShouldBe("The second try");
        (await ada.GetAsync($"/chats/{named}")).Ok()["title"].ShouldBe("Mine");
    }

    [Fact]
    public async Task A_call_that_fails_or_says_no_title_is_not_repeated_and_the_first_line_stays()
    {
        await using var live = await LiveApp.StartAsync(Setting);
        using var ada = await live.RegisterAsync();
        foreach (var bad in new[]
        {
            FakeReply.Refuse(503), FakeReply.Text("Two\nlines"), FakeReply.Text("cut").ThenCut(),
            FakeReply.Text("too long") with { FinishReason = "length" },
        })
        {
            var chat = await CreateAsync(ada);
            var play = live.Play(FakeReply.Text("one"), bad, FakeReply.Text("never"));
            await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);
            await play.NextCallAsync();
            await play.NextCallAsync();

            await LaterTitleAsync(live, ada);
            play.Calls.ShouldBe(2);
            (await ada.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe(play.Question);
        }
    }

    [Fact]
    public async Task What_a_person_writes_while_the_model_thinks_stays()
    {
        await using var live = await LiveApp.StartAsync(Setting);
        using var ada = await live.RegisterAsync();
        var chat = await CreateAsync(ada);
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("one"), FakeReply.After(gate).Then("The model's"));
        await ada.AskForAsync(chat, play);
        await gate.Reached.InTimeAsync();

        (await ada.PatchAsync($"/chats/{chat}", new { title = "Mine" })).Ok();
        gate.Open();

        await LaterTitleAsync(live, ada);
        var left = (await ada.GetAsync($"/chats/{chat}")).Ok();
        (left["title"], left["title_source"]).ShouldBe(("Mine", "user"));
    }

    [Fact]
    public async Task A_title_that_is_given_back_is_made_again_after_the_next_reply()
    {
        await using var live = await LiveApp.StartAsync(Setting);
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync("Mine");
        var first = live.Play(FakeReply.Text("one"));
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, first)).Reply);

        (await ada.PatchAsync($"/chats/{chat}", """{"title":null}""")).Ok()["title"].ShouldBe(first.Question);

        await LaterTitleAsync(live, ada);
        first.Calls.ShouldBe(1);
        await using var socket = await ada.ConnectAsync();
        var play = live.Play(FakeReply.Text("two"), FakeReply.Text("The model's"));
        await ada.AskForAsync(chat, play);
        (await socket.NextAsync("chat.updated")).Data.Text("title").ShouldBe("The model's");
    }

    [Fact]
    public async Task A_restart_before_the_title_loses_nothing_and_asks_once_more()
    {
        await using var live = await LiveApp.StartAsync(Setting);
        using var ada = await live.RegisterAsync();
        var chat = await CreateAsync(ada);
        Gate[] gates = [new(), new()];
        var play = live.Play(
            FakeReply.Text("one"), FakeReply.After(gates[0]).Then("never"), FakeReply.After(gates[1]).Then("The way"),
            FakeReply.Text("never"));
        await ada.AskForAsync(chat, play);
        await gates[0].Reached.InTimeAsync();

        await live.App.RestartAsync();
        await gates[1].Reached.InTimeAsync();
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await using var socket = await again.ConnectAsync();
        gates[1].Open();

        (await socket.NextAsync("chat.updated")).Data.Text("title").ShouldBe("The way");
        play.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task After_two_crashes_nobody_asks_again()
    {
        await using var live = await LiveApp.StartAsync(Setting);
        using var ada = await live.RegisterAsync();
        var chat = await CreateAsync(ada);
        Gate[] gates = [new(), new()];
        var play = live.Play(
            FakeReply.Text("one"), FakeReply.After(gates[0]).Then("never"), FakeReply.After(gates[1]).Then("never"),
            FakeReply.Text("never"));
        await ada.AskForAsync(chat, play);
        await gates[0].Reached.InTimeAsync();
        await live.App.RestartAsync();
        await gates[1].Reached.InTimeAsync();

        await live.App.RestartAsync();

        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await LaterTitleAsync(live, again);
        play.Calls.ShouldBe(3);
        (await again.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe(play.Question);
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_model_that_is_not_configured_is_said_at_the_start() =>
        (await Should.ThrowAsync<StartupException>(() => CoteApp.StartAsync("Titles:Model=openai/none")))
            .Message.ShouldContain("Cote__Titles__Model names `openai/none`, which is not configured.");

    static async Task<string> CreateAsync(CoteClient client) =>
        (await client.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];

    // The title of a chat that comes later: what was to be asked before it was asked by then.
    static async Task LaterTitleAsync(LiveApp live, CoteClient client)
    {
        var chat = await CreateAsync(client);
        var play = live.Play(FakeReply.Text("one"), FakeReply.Text("Later"));
        await using var socket = await client.ConnectAsync();
        await client.AskForAsync(chat, play);
        await socket.NextAsync("chat.updated", x => x.Data.Text("title") == "Later");
    }
}
