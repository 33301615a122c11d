using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Http;

// Links to chats, and what they show.
public sealed partial class DescribedAnswersTests
{
    [Fact]
    public async Task Every_answer_about_shares_is_declared()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var ada = await _app.RegisterAsync();
        using var anyone = _app.Anonymous();
        var chat = await ada.CreateChatAsync(model: "demo/cites");
        await ShareTests.AskAsync(ada, chat, "Who says so?");
        var file = (await UploadAsync(ada, "0123456789"u8.ToArray(), "a.txt")).Ok()["url"];
        (await ada.PostAsync($"/chats/{chat}/messages", new { content = "a", media_urls = new[] { file } })).Ok();

        var share = api.Check(await ada.PostAsync(
            $"/chats/{chat}/shares", new { live = true, include = new[] { "reasoning", "tools" } })).Ok();
        var path = Sharing.PathOf(share);
        api.Check(await ada.PostAsync($"/chats/{chat}/shares")).Ok();
        api.Check(await ada.PostAsync($"/chats/{chat}/shares", new { live = 1 })).Status.ShouldBe(422);
        api.Check(await ada.PostAsync($"/chats/{Guid.CreateVersion7()}/shares")).Status.ShouldBe(404);
        api.Check(await anyone.PostAsync($"/chats/{chat}/shares")).Status.ShouldBe(401);
        api.Check(await ada.GetAsync("/shares")).Json.GetArrayLength().ShouldBe(2);
        api.Check(await anyone.GetAsync(path)).Json.GetProperty("messages")[1].GetProperty("parts").ToString()
            .ShouldContain("source");
        api.Check(await anyone.GetAsync(path + "/media/1")).Ok();
        api.Check(await anyone.SendAsync(
            HttpMethod.Get, path + "/media/1", change: x => x.Headers.Add("Range", "bytes=1-2"))).Status.ShouldBe(206);
        api.Check(await anyone.GetAsync(path + "/media/9")).Status.ShouldBe(404);
        api.Check(await ada.PostAsync(path + "/fork")).Ok();
        api.Check(await ada.PostAsync(path + "/fork", new { title = 7 })).Status.ShouldBe(422);
        api.Check(await anyone.PostAsync(path + "/fork")).Status.ShouldBe(401);
        api.Check(await ada.DeleteAsync($"/shares/{share["id"]}")).Ok();
        api.Check(await ada.DeleteAsync($"/shares/{share["id"]}")).Status.ShouldBe(404);
        api.Check(await anyone.GetAsync(path)).Status.ShouldBe(404);
        api.Check(await anyone.GetAsync(path + "/media/1")).Status.ShouldBe(404);
        api.Check(await anyone.GetAsync(path + "/events")).Status.ShouldBe(404);
        api.Check(await ada.PostAsync(path + "/fork")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Every_frame_of_a_share_is_one_of_those_that_are_described()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var ada = await _app.RegisterAsync();
        using var anyone = _app.Anonymous();
        var chat = await ada.CreateChatAsync(model: "demo/thinks");
        var path = await ada.ShareAsync(chat, new { live = true, include = new[] { "reasoning" } });
        await using var stream = await anyone.StreamAsync(HttpMethod.Get, path + "/events");
        await ada.AskAsync(chat, "why");

        var frames = new List<TestFrame>();
        do
            frames.Add((await stream.NextAsync())!);
        while (frames[^1].Type != "message" || frames[^1].Data.Text("sender") != "ai");

        var union = api.Document.GetProperty("components").GetProperty("schemas").GetProperty("SharedFrame");
        foreach (var frame in frames)
            api.Faults(JsonSerializer.SerializeToElement(new { type = frame.Type, data = frame.Data }), union, "$")
                .ShouldBeEmpty(frame.ToString());
        frames.Select(x => x.Type).Distinct()
            .ShouldBe(["reset", "message", "message.snapshot", "message.delta"], ignoreOrder: true);
        api.Faults(JsonElement.Parse("""{"type":"reset","data":{"reason":"why"}}"""), union, "$").ShouldNotBeEmpty();
    }

    static async Task SendOfSharesAsync(CoteClient ada, string chat, Func<string, string, JsonObject> example)
    {
        var share = (await ada.PostAsync($"/chats/{chat}/shares", example("/chats/{chat_id}/shares", "post"))).Ok();
        (await ada.PostAsync(Sharing.PathOf(share) + "/fork", example("/shared/{token}/fork", "post"))).Ok();
    }
}
