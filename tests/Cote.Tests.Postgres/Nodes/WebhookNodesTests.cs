using Cote.Notices;
using Cote.Tests.Harness;
using Cote.Tests.Notices;
using Cote.Tests.Usage;
using Microsoft.Extensions.DependencyInjection;

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

    [Fact]
    public async Task A_node_that_does_not_know_an_endpoint_leaves_it_to_those_that_do()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 503;
        await using var here = await CoteApp.StartAsync(WebhookSteps.Trust(receiver), receiver.Settings());
        using var ada = await here.RegisterAsync();
        await receiver.NextAsync("user.created", ada.Id);
        await using var there = await here.StartNeighbourAsync();
        var store = there.Services.GetRequiredService<WebhookStore>();

        await store.BeginAsync([], CancellationToken.None);
        (await store.RemoveGoneAsync([], CancellationToken.None)).ShouldBeEmpty();
        (await here.WebhooksAsync()).Count.ShouldBe(1);
        receiver.Status = 204;
        await here.UntilAllAreToldAsync();
        (await here.RowsAsync())["webhook_endpoints"].Count.ShouldBe(1);
        await here.StopAsync();
        await Patience.UntilAsync(async () =>
        {
            await there.SetRowsAsync("update webhook_endpoints set seen_at = 1");
            await store.RemoveGoneAsync([], CancellationToken.None);
            return (await there.RowsAsync())["webhook_endpoints"].Count == 0;
        }, "nobody has had it for long");
    }

    [Fact]
    public async Task Nodes_that_sweep_at_once_drop_what_is_too_much_and_no_more()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 503;
        await using var here = await CoteApp.StartAsync(
            WebhookSteps.Trust(WebhookPace.Default, receiver), receiver.Settings());
        await using var there = await here.StartNeighbourAsync(receiver.Settings());
        for (var n = 0; n < 12; n++)
            (await here.RegisterAsync()).Dispose();
        WebhookStore[] stores = [.. new[] { here, there }.Select(x => x.Services.GetRequiredService<WebhookStore>())];

        var dropped = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            x => stores[x % 2].SweepAsync("main", 5, CancellationToken.None)));

        dropped.Sum().ShouldBe(7);
        (await here.WebhooksAsync()).Count.ShouldBe(5);
        (await stores[0].ListStatesAsync(CancellationToken.None)).ShouldHaveSingleItem().Dropped.ShouldBe(7);
    }
}
