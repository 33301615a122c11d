using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Dialects.OpenAI;

/// <summary>Conversations are chats.</summary>
public sealed class ConversationTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task Items_come_in_pages_in_both_orders()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        for (var turn = 0; turn < 5; turn++)
        {
            var play = live.Play(FakeReply.Text($"Answer {turn}."));
            (await ada.RespondAsync(new { input = play.Question, conversation = $"conv_{chat}" })).Ok();
        }
        foreach (var order in (string[])["asc", "desc"])
        {
            var (ids, after) = (new List<string>(), "");
            for (var pages = 0; ; pages++)
            {
                var page = (await ada.GetAsync(
                    $"/v1/conversations/conv_{chat}/items?order={order}&limit=3&after={after}")).Ok().Json;
                ids.AddRange(page.GetProperty("data").EnumerateArray().Select(x => x.Text("id")));
                after = page.Text("last_id");
                if (!page.GetProperty("has_more").GetBoolean())
                {
                    pages.ShouldBe(3);
                    break;
                }
            }
            var messages = (await ada.MessagesAsync(chat)).Select(x => x.Text("id")).ToList();
            if (order == "desc")
                messages.Reverse();
            ids.Select(x => x["msg_".Length..][..36]).ShouldBe(messages);
        }
        (await ada.GetAsync($"/v1/conversations/conv_{chat}/items?after=msg_x")).Status.ShouldBe(400);
        (await ada.GetAsync($"/v1/conversations/conv_{chat}/items?limit=0")).Refusal().Param.ShouldBe("limit");
        (await ada.GetAsync($"/v1/conversations/conv_{chat}/items?order=up")).Refusal().Param.ShouldBe("order");
    }

    [Fact]
    public async Task A_conversation_is_made_changed_and_deleted()
    {
        using var ada = await live.RegisterAsync();
        var made = (await ada.PostAsync("/v1/conversations", new { metadata = new { topic = "doves" } })).Ok();
        (made["object"], made.Json.Text("metadata", "topic")).ShouldBe(("conversation", "doves"));
        var path = $"/v1/conversations/{made["id"]}";
        (await ada.PostAsync(path, new { metadata = new { topic = "owls" } })).Ok().Json.Text("metadata", "topic")
            .ShouldBe("owls");
        (await ada.GetAsync(path)).Ok().Json.Text("metadata", "topic").ShouldBe("owls");
        (await ada.PostAsync(path, new { metadata = 5 })).Status.ShouldBe(400);
        (await ada.PostAsync(path, new { })).Status.ShouldBe(400);
        (await ada.DeleteAsync(path)).Ok()["deleted"].ShouldBe("True");
        (await ada.GetAsync(path)).Refusal().Code.ShouldBe("not_found");
        (await ada.DeleteAsync(path)).Status.ShouldBe(404);
        (await ada.PostAsync("/v1/conversations")).Ok();
        (await ada.PostAsync("/v1/conversations", new { items = new[] { new { role = "user" } } }))
            .Status.ShouldBe(400);
    }

    [Fact]
    public async Task A_deleted_item_is_its_message()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Yes."));
        var answer = (await ada.RespondAsync(new { model = "openai", input = play.Question })).Ok();
        var path = $"/v1/conversations/{answer.Json.Text("conversation", "id")}/items/";
        var item = answer.Json.Items()[0].Text("id");
        (await ada.GetAsync(path + item)).Ok()["role"].ShouldBe("assistant");
        (await ada.GetAsync(path + item + "9")).Status.ShouldBe(404);
        (await ada.DeleteAsync(path + item)).Ok()["object"].ShouldBe("conversation");
        (await ada.GetAsync(path + item)).Status.ShouldBe(404);
        (await ada.DeleteAsync(path + item)).Status.ShouldBe(404);
    }
}
