using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Fact]
    public async Task Nodes_ask_once_for_each_title()
    {
        await using var pair = await Pair.StartAsync("Titles:Model=openai/fake");
        await using var socket = await pair.Ada.ConnectAsync();
        var plays = new List<Play>();
        for (var i = 0; i < 12; i++)
        {
            var chat = (await pair.Ada.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];
            plays.Add(pair.Live.Play(FakeReply.Text("one"), FakeReply.Text($"title {i}"), FakeReply.Text("never")));
            await (i % 2 == 0 ? pair.Ada : pair.AdaThere).AskForAsync(chat, plays[i]);
        }

        // An event is rendered as its chat is by then: a late one may show the same title once more.
        var titles = new HashSet<string>();
        while (titles.Count < plays.Count)
        {
            var frame = await socket.NextAsync(
                "chat.updated", x => x.Data.Text("title").StartsWith("title", StringComparison.Ordinal));
            titles.Add(frame.Data.Text("title"));
        }

        plays.ShouldAllBe(x => x.Calls == 2);
    }
}
