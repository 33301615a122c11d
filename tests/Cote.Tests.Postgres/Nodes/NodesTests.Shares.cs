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
        string[] words = [.. Enumerable.Repeat("word ", 3_000), "the end"];
        var play = pair.Live.Play(FakeReply.Paced(TimeSpan.FromMilliseconds(50), words));

        await pair.Ada.AskForAsync(chat, play);
        (await NextOfAsync(stream, "message")).Text("content").ShouldBe(play.Question);
        for (var text = ""; text.Length < 50;)
        {
            var frame = (await stream.NextAsync())!;
            text = frame.Type == "message.snapshot" ? frame.Data.Text("content") : text + frame.Data.Text("text");
            frame.Data.Number("place").ShouldBe(2);
        }
        (await pair.Ada.DeleteAsync($"/shares/{share["id"]}")).Ok();

        (await stream.ToEndAsync()).ShouldAllBe(x => !x.ToString().Contains("the end"), "the reply takes minutes");
        (await viewer.GetAsync(path)).ShouldBeNoShare();
    }

    [Fact]
    public async Task A_share_ends_on_the_other_node_within_a_second_whatever_ends_it()
    {
        await using var pair = await Pair.StartAsync();
        using var viewer = pair.There.Anonymous();

        foreach (var what in (string[])["share", "chat", "account", "disabled", "expired"])
            await Patience.ShouldTakeAtMostAsync(TimeSpan.FromSeconds(1), async () =>
            {
                using var eve = await pair.Live.RegisterAsync();
                var chat = await eve.CreateChatAsync();
                var share = (await eve.PostAsync($"/chats/{chat}/shares", new { live = true })).Ok();
                await using var stream =
                    await viewer.StreamAsync(HttpMethod.Get, Sharing.PathOf(share) + "/events");
                (await stream.NextAsync())!.Type.ShouldBe("reset");
                var watch = System.Diagnostics.Stopwatch.StartNew();
                await (what switch
                {
                    "share" => eve.DeleteAsync($"/shares/{share["id"]}"),
                    "chat" => eve.DeleteAsync($"/chats/{chat}"),
                    "account" => eve.DeleteAsync("/users/me"),
                    "disabled" => (Task)ShareTests.CommandAsync(pair.Live.App, "disable-user", eve.Username),
                    _ => ExpireAsync(pair.Live.App, share["id"]),
                });
                if (what == "disabled")
                    watch.Restart(); // a command takes its time to start
                (await stream.ToEndAsync()).ShouldBeEmpty();
                return watch.Elapsed;
            });
    }

    static async Task ExpireAsync(CoteApp app, string share)
    {
        await using var database = await app.ConnectAsync();
        await using var command = database.CreateCommand();
        command.CommandText = $"update shares set expires_at = 1 where id = '{share}'";
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    static async Task<System.Text.Json.JsonElement> NextOfAsync(SseReader stream, string type)
    {
        var limit = Patience.Begin();
        while (true)
            if (await stream.NextAsync(limit.Left) is { } frame && frame.Type == type)
                return frame.Data;
    }
}
