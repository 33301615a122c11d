using System.Text.RegularExpressions;
using Cote.Chats;
using Cote.Data;
using Cote.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Data;

/// <summary>What loops delete is found by an index: they run every few seconds on the writer of all.</summary>
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
