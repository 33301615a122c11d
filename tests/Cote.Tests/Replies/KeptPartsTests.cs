using System.Text.Json;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Replies;

/// <summary>What becomes of parts: over a restart, in copies, and when they are deleted.</summary>
public sealed class KeptPartsTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    async Task<(CoteClient Ada, string Chat)> StartAsync()
    {
        var ada = await _app.RegisterAsync();
        return (ada, await ada.CreateChatAsync(model: "openai"));
    }

    [Fact]
    public async Task Deleting_a_reply_or_its_chat_leaves_nothing_of_its_parts()
    {
        var (ada, chat) = await StartAsync();
        var other = await ada.CreateChatAsync(model: "openai");
        var (_, one) = await ada.AskForAsync(chat, live.Play(FakeReply.Thought("secret one").Then("said")));
        var (_, two) = await ada.AskForAsync(other, live.Play(FakeReply.Thought("secret two").Then("said")));
        await ada.EndOfAsync(chat, one);
        await ada.EndOfAsync(other, two);
        (await RowsOfAsync(one, two)).ShouldBe(6, "a thought in two rows and a text, twice");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{one}")).Status.ShouldBe(200);
        (await RowsOfAsync(one)).ShouldBe(0);
        (await ada.DeleteAsync($"/chats/{other}")).Status.ShouldBe(200);
        await Patience.UntilAsync(async () => await RowsOfAsync(two) == 0,
            "the parts of a deleted chat are gone");
    }

    [Fact]
    public async Task A_fork_an_export_and_an_import_bring_the_parts_along()
    {
        var (ada, chat) = await StartAsync();
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Thought("because").Then("said")));
        await ada.EndOfAsync(chat, reply);
        var fork = (await ada.PostAsync($"/chats/{chat}/fork")).Json.Text("id");
        var copy = (await GetAsync(ada, $"/chats/{fork}/messages/?parts=all")).EnumerateArray().Last();
        PartsOf(copy).ShouldBe(PartsOf(await GetAsync(ada, $"/chats/{chat}/messages/{reply}?parts=all")));
        var export = await GetAsync(ada, $"/chats/{chat}/export");
        PartsOf(export.GetProperty("chats")[0].GetProperty("messages")[1]).ShouldBe(PartsOf(copy));

        using var bob = await _app.RegisterAsync();
        (await bob.PostAsync("/import", export.GetRawText())).Status.ShouldBe(200);
        var imported = (await GetAsync(bob, "/chats/"))[0].Text("id");
        PartsOf((await GetAsync(bob, $"/chats/{imported}/messages/?parts=all"))[1]).ShouldBe(PartsOf(copy));
    }

    [Fact]
    public async Task A_thought_that_a_restart_cuts_off_stays_until_the_next_attempt_has_something()
    {
        await using var own = await LiveApp.StartAsync();
        using var ada = await own.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var again = new Gate();
        var play = own.Play(FakeReply.Thought("half a thought").ThenWaitFor(new Gate()),
            FakeReply.After(again).ThenThink("a whole one").Then("said"));
        await using var socket = await ada.ConnectAsync();
        var (_, reply) = await ada.AskForAsync(chat, play);
        await socket.NextAsync("message.part.delta");
        await own.App.RestartAsync();

        using var back = new CoteClient(own.App.Url) { Token = ada.Token };
        await again.Reached.InTimeAsync();
        var between = await GetAsync(back, $"/chats/{chat}/messages/{reply}?parts=all");
        between.GetProperty("parts")[0].Text("text").ShouldBe("half a thought");
        between.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(1);
        again.Open();
        var end = await back.EndOfAsync(chat, reply);
        end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(2);
        (await GetAsync(back, $"/chats/{chat}/messages/{reply}?parts=all")).GetProperty("parts")[0].Text("text")
            .ShouldBe("a whole one");
    }

    async Task<int> RowsOfAsync(params string[] replies) => (await _app.RowsAsync())["message_parts"]
        .Count(x => replies.Any(y => x.Contains(y, StringComparison.Ordinal)));

    static async Task<JsonElement> GetAsync(CoteClient client, string path) => (await client.GetAsync(path)).Json;

}
