using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>How much a model thinks is a setting of the chat, and of one new version.</summary>
public sealed class ReasoningEffortTests(LiveApp live) : IClassFixture<LiveApp>
{
    async Task<(CoteClient Ada, string Chat)> StartAsync()
    {
        var ada = await live.RegisterAsync();
        return (ada, await ada.CreateChatAsync(model: "openai"));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("low")]
    [InlineData("medium")]
    [InlineData("high")]
    public async Task A_chat_says_how_much_its_model_thinks_and_a_regenerate_may_say_otherwise(string effort)
    {
        var (ada, chat) = await StartAsync();
        (await ada.PatchAsync($"/chats/{chat}", new { reasoning_effort = effort })).Json.Text("reasoning_effort")
            .ShouldBe(effort);
        var play = live.Play(FakeReply.Text("x"), FakeReply.Text("y"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        (await play.NextCallAsync()).Body.Text("reasoning_effort").ShouldBe(effort);
        await ada.EndOfAsync(chat, reply);
        (await ada.PostAsync($"/chats/{chat}/messages/{reply}/regenerate", new { reasoning_effort = "low" }))
            .Status.ShouldBe(200);
        (await play.NextCallAsync()).Body.Text("reasoning_effort").ShouldBe("low");
    }

    [Fact]
    public async Task An_effort_that_is_none_of_the_words_is_refused()
    {
        var (ada, chat) = await StartAsync();
        (await ada.PatchAsync($"/chats/{chat}", new { reasoning_effort = "very" })).Status.ShouldBe(422);
        (await ada.PostAsync("/chats/", new { title = "x", reasoning_effort = 3 })).Status.ShouldBe(422);
        var (question, _) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("x")));
        (await ada.PostAsync(
            $"/chats/{chat}/messages/{question}/regenerate", new { reasoning_effort = "very", stop = true }))
            .Status.ShouldBe(422);
        (await ada.GetAsync($"/chats/{chat}")).Json
            .GetProperty("reasoning_effort").ValueKind.ShouldBe(JsonValueKind.Null);
    }
}
