using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Nodes;

/// <summary>A budget is one on all nodes.</summary>
[Trait("Stage", "slow")]
public sealed class BudgetNodesTests
{
    [Fact]
    public async Task Two_hundred_sends_on_two_nodes_pass_a_cap_for_fifty_by_no_more_than_the_error_of_the_estimate()
    {
        const int cap = 50 * 286;
        string[] settings = [$"Budgets:DayTokens={cap}", $"Budgets:All:MonthTokens={10 * cap}"];
        await using var live = await LiveApp.StartAsync(settings);
        await using var there = await live.App.StartNeighbourAsync(settings);
        using var ada = await live.RegisterAsync();
        using var adaThere = new CoteClient(there.Url) { Token = ada.Token };

        await BudgetTests.SendManyAsync(live, [ada, adaThere], sends: 200, cap);
    }
}
