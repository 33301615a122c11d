using System.Text.RegularExpressions;
using Cote.Data;
using Cote.Delivery;
using Cote.Events;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Cote.Tests.Delivery;

/// <summary>A transaction reads the events that it has appended by their numbers, however long the log is.</summary>
public sealed partial class AppendedPlanTests
{
    [Fact]
    public async Task Events_of_a_transaction_are_read_out_of_a_long_log_by_their_numbers()
    {
        var url = await Engine.CreateAsync();
        try
        {
            await using var app = await StillApp.OpenAsync(
                url is null ? [] : [$"Data:Postgres={url}", $"Auth:SigningKey={Engine.SigningKey}"]);
            await app.AddUserAsync("u");
            await app.WriteAsync($"""
                with recursive n (i) as (select 1 union all select i + 1 from n where i < 3000)
                insert into events (user_id, seq, type, chat_id, message_id, at)
                select 'u', i, 'chat.updated', 'c', null, 0 from n
                """);
            if (url is not null)
                await app.WriteAsync($"analyze");
            var batch = new WriteBatch();
            var transaction = new EventTransaction(batch, "u", "unit", new Timestamp(0), 1, $"1 = 1");
            transaction.Append(EventTypes.ChatUpdated, "c");
            app.Services.GetRequiredService<EventRenderer>().ReadWith(transaction).ShouldNotBeNull();

            var read = batch.Statements[^1].Sql;
            var plan = url is null ? await PlanAsync(app, read) : await PlanAsync(url, read);

            if (url is null)
                plan.ShouldContain(x => x.StartsWith("SEARCH e USING", StringComparison.Ordinal)
                    && x.Contains("(user_id=? AND seq>? AND seq<?)", StringComparison.Ordinal));
            else
                plan.ShouldContain(x => x.Contains("Index Cond", StringComparison.Ordinal)
                    && x.Contains("(seq > ", StringComparison.Ordinal)
                    && x.Contains("(seq <= ", StringComparison.Ordinal));
        }
        finally
        {
            await Engine.DropAsync(url);
        }
    }

    static Task<IReadOnlyList<string>> PlanAsync(StillApp app, Sql sql) =>
        app.Db.ListAsync($"explain query plan {sql}", row => row.GetString(3), default);

    // For all values, as the connections of the server plan: with values at hand the planner would have fewer doubts.
    static async Task<IReadOnlyList<string>> PlanAsync(string url, Sql sql)
    {
        await using var db = await Engine.ConnectAsync(url, "");
        await PostgresPlans.SetAsync((NpgsqlConnection)db);
        await using var command = db.CreateCommand();
        command.CommandText = $"prepare it as {sql.Text}";
        await command.ExecuteNonQueryAsync();
        var values = Parameter().Matches(sql.Text).Select(x => x.Value).Distinct().Select(_ => "null");
        command.CommandText = $"explain (costs off) execute it ({string.Join(", ", values)})";
        await using var rows = await command.ExecuteReaderAsync();
        var plan = new List<string>();
        while (await rows.ReadAsync())
            plan.Add(rows.GetString(0));
        return plan;
    }

    [GeneratedRegex(@"\$\d+")]
    private static partial Regex Parameter();
}
