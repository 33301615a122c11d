using Cote.Admin;
using Cote.Tests.Harness;

namespace Cote.Tests.Admin;

/// <summary>
/// Every table with rows of a user: a migration that adds one fails here until it is decided what becomes of it.
/// </summary>
public sealed class UserTablesTests(SharedApp shared)
{
    [Fact]
    public async Task Every_table_with_a_user_id_is_erased_exported_copied_and_checked_or_a_named_exception()
    {
        var columns = await ColumnsAsync(shared.App);
        string[] owned = [.. columns.Where(x => x.Value.Contains("user_id")).Select(x => x.Key), "users"];

        owned.Length.ShouldBeGreaterThan(10);
        Undecided(owned, [.. AccountStore.Tables, .. UserTables.NotErased.Keys]).ShouldBeEmpty(
            "erase it in AccountStore.Owned, or name it in UserTables.NotErased");
        Undecided(owned, [.. ExportWriter.Tables, .. UserTables.NotExported.Keys]).ShouldBeEmpty(
            "write it in ExportWriter, or name it in UserTables.NotExported");
        Undecided(owned, [.. References.Tables, .. References.NotChecked.Keys]).ShouldBeEmpty(
            "say in References.All what its rows belong to, or name it in References.NotChecked");
        Undecided(columns.Keys, [.. CopiedTables.All.Select(x => x.Name), .. CopiedTables.Left]).ShouldBeEmpty(
            "copy it in CopiedTables.All, or name it in CopiedTables.Left");
        // The lists hold no table that is gone, and none twice.
        foreach (var names in new IReadOnlyList<string>[]
        {
            [.. AccountStore.Tables, .. UserTables.NotErased.Keys],
                [.. ExportWriter.Tables, .. UserTables.NotExported.Keys],
            [.. CopiedTables.All.Select(x => x.Name), .. CopiedTables.Left],
        })
        {
            names.Except(columns.Keys).ShouldBeEmpty();
            names.Count.ShouldBe(names.Distinct().Count());
        }
    }

    [Fact]
    public void It_would_say_so() => Undecided(["chats", "shares"], ["chats"]).ShouldBe(["shares"]);

    static IEnumerable<string> Undecided(IEnumerable<string> tables, IEnumerable<string> decided) =>
        tables.Except(decided);

    static async Task<Dictionary<string, List<string>>> ColumnsAsync(CoteApp app)
    {
        await using var db = await app.ConnectAsync();
        var columns = new Dictionary<string, List<string>>();
        foreach (var table in (await app.RowsAsync()).Keys)
        {
            await using var command = db.CreateCommand();
            command.CommandText = $"select * from {table} where 1 = 0";
            await using var reader = await command.ExecuteReaderAsync();
            columns[table] = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
        }
        return columns;
    }
}
