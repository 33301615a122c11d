using System.Text.Json;
using Cote.Tests.Dialects.OpenAI;
using Cote.Tests.Dialects.UIStream;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Dialects;

/// <summary>One reply in all dialects at once.</summary>
public sealed class OneReplyTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task Begun_by_useChat_followed_from_the_middle_by_OpenAIs_and_stopped_beside_a_socket_it_ends_alike()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var (first, never) = (new Gate(), new Gate());
        var play = live.Play(
            FakeReply.Text("One ", "two ").ThenWaitFor(first).Then("three ").ThenWaitFor(never).Then("four"));
        await using var socket = await ada.ConnectAsync();
        await using var page = await ada.ChatAsync(UIRequests.Body(chat, UIRequests.User("q", play.Question)));
        await page.UntilTextAsync("two ");
        var id = $"resp_{page.MessageId}";

        // The number of a unit in the middle of the text: what comes after it is the rest.
        var seen = new List<JsonElement>();
        await using (var whole = await ada.StreamAsync(HttpMethod.Get, $"/v1/responses/{id}?stream=true"))
            while (!seen.Deltas().EndsWith("two ", StringComparison.Ordinal))
                seen.Add(JsonElement.Parse((await whole.NextRawAsync()).ShouldNotBeNull()));
        var middle = seen[^1].Number() - "two ".Length;
        await using var rest = await ada.StreamAsync(
            HttpMethod.Get, $"/v1/responses/{id}?stream=true&starting_after={middle}");
        var reading = TurnReading.ToEndAsync(rest);
        first.Open();
        await page.UntilTextAsync("three ");
        (await ada.PostAsync($"/chats/{chat}/stop")).Ok()["stopped"].ShouldBe("1");

        (await page.ToEndAsync())[^1].ShouldBe("abort");
        var events = await reading;
        events.Deltas().ShouldBe("two three ");
        var end = events[^1].GetProperty("response");
        (end.Text("status"), end.OutputText()).ShouldBe(("cancelled", "One two three "));
        var frames = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == page.MessageId);
        var message = frames[^1].Data;
        (message.Text("content"), message.Text("generation", "state")).ShouldBe(("One two three ", "stopped"));
        (await ada.GetAsync($"/v1/responses/{id}")).Ok()["status"].ShouldBe("cancelled");
    }
}
