using Cote.Tests.Harness;
using Cote.Tests.Notices;

namespace Cote.Tests.Nodes;

/// <summary>Webhooks where any node may send them.</summary>
[Trait("Stage", "slow")]
public sealed class WebhookNodesTests
{
    [Fact]
    public async Task Two_nodes_tell_everything_once_and_one_tells_what_the_other_left()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var here = await CoteApp.StartAsync(WebhookSteps.Trust(receiver), receiver.Settings());
        await using var there = await here.StartNeighbourAsync(receiver.Settings());

        var users = await Task.WhenAll(Enumerable.Range(0, 40).Select(
            x => (x % 2 == 0 ? here : there).RegisterAsync()));
        await here.UntilAllAreToldAsync();
        receiver.Received.Select(x => x.Data("user_id")).Order().ShouldBe(users.Select(x => x.Id).Order());
        receiver.Received.Select(x => x.Id).ShouldBeUnique();
        receiver.Status = 503;
        using var last = await there.RegisterAsync();
        var first = await receiver.NextAsync("user.created", last.Id);
        await there.StopAsync();
        receiver.Status = 200;
        using var another = await here.RegisterAsync();
        await here.UntilAllAreToldAsync();

        receiver.Received.Where(x => x.Data("user_id") == last.Id).Select(x => x.Id).Distinct()
            .ShouldBe([first.Id]);
        foreach (var user in users)
            user.Dispose();
    }
}
