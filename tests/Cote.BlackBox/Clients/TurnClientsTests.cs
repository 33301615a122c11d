using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Clients;

/// <summary>Official clients of OpenAI's API in turns of chats.</summary>
[Trait("Stage", "slow")]
public sealed class TurnClientsTests(PublishedProgram program, NodeClients clients)
{
    [Fact]
    public async Task Responses_conversations_and_completions_work_with_the_clients_that_people_have()
    {
        await using var model = await FakeModelServer.Start();
        await using var server = Node.With(program, model);
        await server.StartAsync();
        using var ada = await CoteClient.RegisterAsync(server.Url);
        await clients.RunAsync("turns.mjs", server.Url.ToString().TrimEnd('/'), ada.Token!);
    }
}
