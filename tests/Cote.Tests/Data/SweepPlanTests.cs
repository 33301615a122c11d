using System.Text.RegularExpressions;
using Cote.Chats;
using Cote.Data;
using Cote.Replies;
using Cote.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Data;

/// <summary>What loops delete and renew they find by an index: they run every few seconds on the writer.</summary>
public sealed partial class SweepPlanTests : IAsyncLifetime
{
    StillApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await StillApp.OpenAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_sweep_of_what_imports_have_left_looks_at_no_message_of_another_chat()
    {
        await _app.Services.GetRequiredService<ImportedChatStore>().RemoveUnfinishedAsync(null, 10);

        var sweeps = SqlTexts.All.Where(x => x.StartsWith("delete from", StringComparison.Ordinal)
            && x.Contains("c.importing is not null", StringComparison.Ordinal)).ToList();
        sweeps.Count.ShouldBe(2); // of messages, and of chats
        foreach (var plan in sweeps.Select(PlanOf))
        {
            plan.ShouldContain(x => x.Contains("chats_importing", StringComparison.Ordinal));
            plan.ShouldNotContain(x => x.StartsWith("SCAN m", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_a_node_does_with_its_leases_looks_at_no_reply_that_waits()
    {
        var leases = _app.Services.GetRequiredService<ReplyLeases>();
        await leases.RenewAsync();
        await leases.VoidOfAsync(["another node"]);

        var statements = SqlTexts.All.Where(x => x.Contains("returning", StringComparison.Ordinal)
            && x.StartsWith("update messages set lease_until", StringComparison.Ordinal)).ToList();
        statements.Count.ShouldBeGreaterThanOrEqualTo(2); // of this node, and of those that have ended
        foreach (var sql in statements)
            PlanOf(sql).ShouldContain(x => x.Contains("messages_running", StringComparison.Ordinal), sql);
    }

    // By the engine that is shipped, on the tables of the last migration and without values, as it is prepared.
    List<string> PlanOf(string sql)
    {
        using var session = new SqliteSession(
            _app.Services.GetRequiredService<DataOptions>().DatabaseFile, SqliteOpenMode.ReadOnly);
        using var command = session.Connection.CreateCommand();
        command.CommandText = "explain query plan " + sql;
        foreach (var name in Parameter().Matches(sql).Select(x => x.Value).Distinct())
            command.Parameters.AddWithValue(name, DBNull.Value);
        using var rows = command.ExecuteReader();
        var plan = new List<string>();
        while (rows.Read())
            plan.Add(rows.GetString(3));
        return plan;
    }

    [GeneratedRegex(@"\$\d+")]
    private static partial Regex Parameter();
}
