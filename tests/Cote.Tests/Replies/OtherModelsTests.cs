using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>Thoughts between tags, and models that stand in for one that cannot answer, as a client sees them.
/// </summary>
public sealed class OtherModelsTests
{
    [Fact]
    public async Task What_stands_between_tags_at_the_beginning_is_a_thought()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var play = live.Play(FakeReply.Text("<thi", "nk>\nHm", ".</think>\n\nA do", "ve. <think>is text</think>"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await ada.EndOfAsync(chat, reply);

        var message = (await ada.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json;
        message.Text("content").ShouldBe("A dove. <think>is text</think>");
        message.GetProperty("parts")[0].Text("text").ShouldBe("Hm.");
    }

    [Theory]
    [InlineData("stop", "failed", "empty")]
    [InlineData(null, "failed", "truncated")]
    public async Task A_tag_that_is_never_closed_leaves_no_answer(string? finish, string state, string code)
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var script = FakeReply.Text("<think>for ever");
        var play = live.Play(finish is null ? script.ThenNothing() : script);
        var (_, reply) = await ada.AskForAsync(chat, play);
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("content").ShouldBe("");
        end.Text("generation", "state").ShouldBe(state);
        end.Text("generation", "error", "code").ShouldBe(code);
        (await ada.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json.GetProperty("parts")[0].Text("text")
            .ShouldBe("for ever");
    }

    [Fact]
    public async Task The_next_model_answers_where_the_chosen_one_cannot_and_says_so()
    {
        await using var live = await LiveApp.StartAsync("Assistants:Fallback=demo/instant");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Refuse(401)));
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("generation", "state").ShouldBe("completed");
        end.Text("generation", "model").ShouldBe("demo/instant");
        (await ada.GetAsync("/usage?by=model")).Ok().Json.GetArrayLength().ShouldBe(2, "each call is in the ledger");
    }

    [Fact]
    public async Task No_other_model_goes_on_where_text_was_shown()
    {
        await using var live = await LiveApp.StartAsync("Assistants:Fallback=demo/instant");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("half").ThenNothing()));
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("content").ShouldBe("half");
        end.Text("generation", "model").ShouldBe("openai/fake");
        end.Text("generation", "error", "code").ShouldBe("truncated");
    }
}
