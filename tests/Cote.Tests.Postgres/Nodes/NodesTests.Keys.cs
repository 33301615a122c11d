using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    [Fact]
    public async Task A_key_that_was_deleted_on_the_other_node_is_refused_with_its_sockets_and_tickets()
    {
        await using var pair = await Pair.StartAsync();
        var (id, key) = await pair.Ada.CreateKeyAsync("read");
        using var robot = pair.Live.App.Anonymous();
        robot.Token = key;
        await using var socket = await robot.ConnectByProtocolAsync();
        await using var byTicket = await TestSocket.ConnectAsync(
            pair.There.Url, "/ws?ticket=" + (await robot.PostAsync("/ws/ticket")).Ok()["ticket"]);
        (await robot.GetAsync("/users/me")).Ok();

        (await pair.AdaThere.DeleteAsync($"/api-keys/{id}")).Ok();

        (await socket.Closed).ShouldBe(4503);
        (await byTicket.Closed).ShouldBe(4503);
        (await robot.GetAsync("/users/me")).ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
    }
}
