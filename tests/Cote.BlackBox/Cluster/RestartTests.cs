using System.Diagnostics;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Cluster;

/// <summary>A node that comes back on its data directory.</summary>
[Trait("Stage", "slow")]
public sealed class RestartTests(PublishedProgram program, ITestOutputHelper output)
{
    [Fact]
    public async Task A_killed_node_that_starts_again_takes_up_its_own_replies()
    {
        await using var model = await FakeModelServer.Start();
        model.Enqueue(FakeReply.Text("Half ").ThenStall());
        model.Script = FakeReply.Text("All ", "of it");
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 1);
        var node = fleet.Nodes[0];
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        string reply;
        await using (var socket = await ada.ConnectAsync())
        {
            reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
            await socket.ShowsAsync(reply, "Half ");
        }

        var killed = Stopwatch.GetTimestamp();
        await node.KillAsync();
        await node.StartAsync();
        var end = await ada.EndOfAsync(chat, reply);

        output.WriteLine($"Ended {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after the kill, "
            + $"of which {node.StartedIn.TotalSeconds:0.0} s were the start.");
        end.GetProperty("content").GetString().ShouldBe("All of it");
        end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(2);
        model.Calls.ShouldBe(2);
    }
}
