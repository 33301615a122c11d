using Cote.Cluster;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Fact]
    public async Task A_node_takes_up_what_an_earlier_process_of_its_data_directory_held_without_waiting_for_the_lease()
    {
        await using var live = await LiveApp.StartAsync(CoteApp.LeaseFor(600)); // nobody waits for its end
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("Half a ").ThenStall(), FakeReply.Text("Half a ", "reply"));
        string reply;
        await using (var socket = await ada.ConnectAsync())
        {
            (_, reply) = await ada.AskForAsync(chat, play);
            await socket.ShowsAsync(reply, "Half a ");
        }
        var folder = Directory.CreateTempSubdirectory("cote-earlier-");
        try
        {
            // As its process leaves it that is killed, and beside it an older one and what is no id.
            var file = Path.Combine(folder.FullName, "nodes");
            var owner = live.App.Services.GetRequiredService<Node>().Id;
            await File.WriteAllTextAsync(
                file, $"01a202c1-77aa-7b1e-8d0a-0f2d3c4b5a69\n{owner}\nno id", TestContext.Current.CancellationToken);
            await using var again = await live.App.StartNeighbourAsync($"Data:Directory={folder.FullName}");
            using var there = await ada.OtherDeviceAsync(again.Url);
            var end = await there.EndOfAsync(chat, reply);

            end.Text("content").ShouldBe("Half a reply");
            end.Number("generation", "attempt").ShouldBe(2);
            (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))
                .ShouldBe(again.Services.GetRequiredService<Node>().Id);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
