using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>A reply is made from its ancestors alone, as they are when it begins.</summary>
public sealed class BranchPromptTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Fact]
    public async Task A_version_knows_nothing_of_the_other_one()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (_, r1) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("blue"), FakeReply.Text("green")).Question);
        await ada.TurnAsync(chat, live.Play(FakeReply.Text("secret")).Question);
        var edited = live.Play(FakeReply.Text("x"));
        var (_, r3) = await ada.TurnAsync(chat, edited.Question, new { parent_id = r1 });
        var anew = live.Play(FakeReply.Text("y"));
        await ada.AnewAsync(chat, r1);
        await ada.TurnAsync(chat, anew.Question);

        ContentsOf(await edited.NextCallAsync()).ShouldBe(["blue", edited.Question], "blue's question is before it");
        ContentsOf(await anew.NextCallAsync()).ShouldBe(["green", anew.Question]);
        (await ada.MessageAsync(chat, r3)).IsOnPath().ShouldBeFalse();
    }

    [Fact]
    public async Task A_queued_reply_whose_path_was_left_is_made_from_that_path()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (_, r1) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("blue")).Question);
        // More than one page of ancestors, of all importances.
        for (var i = 0; i < 60; i++)
            await ada.TurnAsync(chat, live.Play(FakeReply.Text($"blue {i}")).Question,
                new { importance_level = i % 3 == 0 ? "high" : i % 3 == 1 ? "low" : "normal" });
        var gate = new Gate();
        await ada.AskForAsync(chat, live.Play(FakeReply.After(gate).Then("running")));
        var waits = live.Play(FakeReply.Text("done"));
        var (_, waiting) = await ada.AskForAsync(chat, waits);
        var other = live.Play(FakeReply.Text("green"));
        var sent = (await ada.PostAsync(
            $"/chats/{chat}/messages/", new { content = other.Question, parent_id = r1 })).Ok();
        gate.Open();
        await ada.EndOfAsync(chat, waiting);
        await ada.EndOfAsync(chat, sent["reply_id"]);

        var prompt = ContentsOf(await waits.NextCallAsync());
        prompt[0].ShouldBe("blue");
        prompt.Where(x => x.StartsWith("blue ", StringComparison.Ordinal))
            .ShouldBe(Enumerable.Range(0, 60).Select(x => $"blue {x}"));
        prompt[^2..].ShouldBe(["running", waits.Question]);
        ContentsOf(await other.NextCallAsync()).ShouldBe(["blue", other.Question]);
        (await ada.MessageAsync(chat, waiting)).IsOnPath().ShouldBeFalse();
    }

    // All but the questions before the last one: their texts are the scripts' names.
    static List<string> ContentsOf(FakeRequest call)
    {
        var all = call.Messages.EnumerateArray().Where(x => x.Text("role") != "system").ToList();
        return [.. all.Where((x, i) => x.Text("role") == "assistant" || i == all.Count - 1)
            .Select(x => x.Text("content"))];
    }
}
