using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_share_is_watched_on_the_other_node_and_ends_there_when_it_is_deleted_here(bool hasBroker)
    {
        await using var pair = hasBroker ? await Pair.StartAsync(await broker.SettingAsync()) : await Pair.StartAsync();
        using var viewer = pair.There.Anonymous();
        var chat = await pair.Ada.CreateChatAsync();
        var share = (await pair.Ada.PostAsync($"/chats/{chat}/shares", new { live = true })).Ok();
        var path = Sharing.PathOf(share);
        await using var stream = await viewer.StreamAsync(HttpMethod.Get, path + "/events");
        (await stream.NextAsync())!.Type.ShouldBe("reset");
        var gate = new Gate();
        var play = pair.Live.Play(FakeReply.Text("seen").ThenWaitFor(gate).Then(" secret"));

        await pair.Ada.AskForAsync(chat, play);
        (await NextOfAsync(stream, "message")).Text("content").ShouldBe(play.Question);
        for (var text = ""; text != "seen";)
        {
            var frame = (await stream.NextAsync())!;
            text = frame.Type == "message.snapshot" ? frame.Data.Text("content") : text + frame.Data.Text("text");
            frame.Data.Number("place").ShouldBe(2);
        }
        (await pair.Ada.DeleteAsync($"/shares/{share["id"]}")).Ok();

        (await stream.ToEndAsync()).ShouldBeEmpty();
        gate.Open();
        (await viewer.GetAsync(path)).ShouldBeNoShare();
    }

    [Fact]
    public async Task A_share_ends_on_the_other_node_within_a_second_whatever_ends_it()
    {
        await using var pair = await Pair.StartAsync();
        using var viewer = pair.There.Anonymous();

        foreach (var what in (string[])["share", "chat"])
            await Patience.ShouldTakeAtMostAsync(TimeSpan.FromSeconds(1), async () =>
            {
                var chat = await pair.Ada.CreateChatAsync();
                var share = (await pair.Ada.PostAsync($"/chats/{chat}/shares", new { live = true })).Ok();
                await using var stream =
                    await viewer.StreamAsync(HttpMethod.Get, Sharing.PathOf(share) + "/events");
                (await stream.NextAsync())!.Type.ShouldBe("reset");
                var watch = System.Diagnostics.Stopwatch.StartNew();
                (await pair.Ada.DeleteAsync(what == "share" ? $"/shares/{share["id"]}" : $"/chats/{chat}")).Ok();
                (await stream.ToEndAsync()).ShouldBeEmpty();
                return watch.Elapsed;
            });
    }

    static async Task<System.Text.Json.JsonElement> NextOfAsync(SseReader stream, string type)
    {
        var limit = Patience.Begin();
        while (true)
            if (await stream.NextAsync(limit.Left) is { } frame && frame.Type == type)
                return frame.Data;
    }
}
