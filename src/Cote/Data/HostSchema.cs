using System.Text.RegularExpressions;

namespace Cote.Data;

/// <summary>
/// What holds for the tables of hosts, so that they never meet Cote's, and erasure, export and <c>copy</c> know them.
/// </summary>
static partial class HostSchema
{
    static readonly string[] Types = ["text", "bigint", "double precision", "blob", "bytea"];

    /// <summary>
    /// Refuses a database with tables of a host that this program does not have: an erasure would leave their rows.
    /// </summary>
    public static async Task RefuseUnknownAsync(MigrationConnection database, IReadOnlyList<HostTables> hosts)
    {
        foreach (var column in await ColumnsAsync(database))
            if (Histories().Match(column.Table) is { Success: true } history
                && hosts.All(x => x.History.Table != column.Table))
                throw new StartupException(
                    $"The database has tables of the host {history.Groups[1].Value}, which this program does not know. "
                    + $"Start the program that made them, or drop them, {column.Table} last.");
    }

    /// <summary>
    /// Refuses a migration of a host that touched another's table, or made one that cannot be copied.
    /// </summary>
    public static void Check(
        HostTables host, string migration, IReadOnlyList<TableColumn> before, IReadOnlyList<TableColumn> after)
    {
        bool IsOther(TableColumn column) => !column.Table.StartsWith(host.Prefix, StringComparison.Ordinal);
        var others = before.Where(IsOther).ToHashSet();
        others.SymmetricExceptWith(after.Where(IsOther));
        if (others.Count > 0)
            throw Refused($"changes or makes the table {others.First().Table}; its tables begin with {host.Prefix}");
        foreach (var table in after.Where(x => !IsOther(x) && x.Table != host.History.Table).GroupBy(x => x.Table))
        {
            if (table.All(x => x.Place == 0))
                throw Refused($"makes the table {table.Key} without a primary key");
            foreach (var column in table.Where(x => !Types.Contains(x.Type)))
                throw Refused($"gives {table.Key}.{column.Name} the type {column.Type}; the types are text, bigint, "
                    + "double precision, and blob or bytea");
            foreach (var column in table.Where(x => x.Place > 0 && x.Type is not ("text" or "bigint")))
                throw Refused($"has {column.Type} in the primary key of {table.Key}; a key is of text and bigint");
        }

        StartupException Refused(string why) => new($"Migration {migration} of {host.Name} is refused: it {why}.");
    }

    /// <summary>Gives the host's tables their columns. Refuses one that is not declared, or not as it is.</summary>
    public static async Task ReadAsync(MigrationConnection database, HostTables host)
    {
        var columns = (await ColumnsAsync(database))
            .Where(x => x.Table.StartsWith(host.Prefix, StringComparison.Ordinal) && x.Table != host.History.Table)
            .ToLookup(x => x.Table);
        foreach (var table in columns.Where(x => host.Tables.All(y => y.Name != x.Key)))
            throw new StartupException(
                $"The host {host.Name} does not say what its table {table.Key} holds: name it with Table().");
        foreach (var table in host.Tables)
        {
            table.Columns = [.. columns[table.Name]];
            if (table.Columns.Count == 0)
                throw new StartupException($"No migration of {host.Name} has made the table {table.Name}.");
            if (table.User is { } user && table.Columns.All(x => x.Name != user))
                throw new StartupException($"The table {table.Name} of {host.Name} has no column {user}.");
            if (table.User is null && table.Columns.Any(x => x.Name == "user_id"))
                throw new StartupException(
                    $"The table {table.Name} of {host.Name} has a column user_id: "
                    + "say so with Table(), or an erasure leaves its rows.");
        }
    }

    public static Task<IReadOnlyList<TableColumn>> ColumnsAsync(MigrationConnection database) => database.ListAsync(
        database.Columns,
        row => new TableColumn(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3)));

    [GeneratedRegex("^x_([a-z0-9]+)_migrations$")]
    private static partial Regex Histories();
}
