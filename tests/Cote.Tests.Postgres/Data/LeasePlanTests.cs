using Cote.Data;
using Cote.Replies;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Data;

/// <summary>What each node does every few seconds reads the replies of the node, not those of all nodes.</summary>
public sealed class LeasePlanTests
{
    [Fact]
    public async Task A_renewal_reads_the_replies_of_its_own_node()
    {
        await using var app = await StillApp.OpenOnEngineAsync();
        await app.PlantAsync("""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, timestamp,
              listed, parent_id, state, owner)
            select 'u', i, i, 1, 'ai', 'text', 'x', 'sent', 'normal', 0, 1, '', 'running', 'node ' || i % 100
            from generate_series(1, 10000) i;
            analyze
            """);

        (await app.Services.GetRequiredService<ReplyLeases>().RenewAsync()).ShouldBeEmpty();

        var renewals = SqlTexts.All.Where(x => x.Contains("and owner = $", StringComparison.Ordinal)
            && (x.StartsWith("update messages set lease_until = (", StringComparison.Ordinal)
                && x.Contains("returning", StringComparison.Ordinal)
                || x.StartsWith("select 1 from messages where state =", StringComparison.Ordinal))).ToList();
        renewals.Count.ShouldBeGreaterThanOrEqualTo(2);
        await using var db = await app.ConnectAsync();
        foreach (var sql in renewals)
            PostgresPlan.NodesOf((await PostgresPlan.ExplainAsync(db, sql)).ShouldNotBeNull())
                .ShouldContain(x => x.Node.ToString().Contains("messages_owned", StringComparison.Ordinal), sql);
    }
}
