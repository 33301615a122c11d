using Cote.Data;
using Cote.Delivery;
using Cote.Events;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Delivery;

/// <summary>A transaction reads the events that it has appended by their numbers, however long the log is.</summary>
public sealed class AppendedPlanTests
{
    [Fact]
    public async Task Events_of_a_transaction_are_read_out_of_a_long_log_by_their_numbers()
    {
        await using var app = await StillApp.OpenOnEngineAsync();
        await app.AddUserAsync("u");
        await app.WriteAsync($"""
            with recursive n (i) as (select 1 union all select i + 1 from n where i < 3000)
            insert into events (user_id, seq, type, chat_id, message_id, at)
            select 'u', i, 'chat.updated', 'c', null, 0 from n
            """);
        if (Engine.IsPostgres)
            await app.WriteAsync($"analyze");
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, "u", "unit", new Timestamp(0), 1, $"1 = 1");
        transaction.Append(EventTypes.ChatUpdated, "c");
        app.Services.GetRequiredService<EventRenderer>().ReadWith(transaction).ShouldNotBeNull();

        var read = batch.Statements[^1].Sql;
        if (!Engine.IsPostgres)
        {
            var plan = await app.Db.ListAsync($"explain query plan {read}", row => row.GetString(3), default);
            plan.ShouldContain(x => x.StartsWith("SEARCH e USING", StringComparison.Ordinal)
                && x.Contains("(user_id=? AND seq>? AND seq<?)", StringComparison.Ordinal));
            return;
        }
        await using var db = await app.ConnectAsync();
        var nodes = PostgresPlan.NodesOf((await PostgresPlan.ExplainAsync(db, read.Text)).ShouldNotBeNull());
        nodes.Select(x => x.Node.TryGetProperty("Index Cond", out var condition) ? condition.GetString()! : "")
            .ShouldContain(x => x.Contains("(seq > ", StringComparison.Ordinal)
                && x.Contains("(seq <= ", StringComparison.Ordinal));
    }
}
