using System.Text.RegularExpressions;
using Cote.Data;

namespace Cote;

/// <summary>
/// Tables of a host's own in Cote's database: the migrations that make them, and what they hold of users. Their names
/// begin with <see cref="Prefix"/>, which no table of Cote's ever does. They are read and written with
/// <see cref="Database"/>.
/// </summary>
public sealed partial class HostTables
{
    readonly List<Migrator.Migration> _migrations = [];
    readonly List<HostTable> _tables = [];

    internal HostTables(string name)
    {
        if (!Names().IsMatch(name))
            throw new ArgumentException(
                "A name has 1 to 20 letters and digits in lower case, a letter first.", nameof(name));
        Name = name;
    }

    /// <summary>The name that the host has given, such as <c>shop</c>.</summary>
    public string Name { get; }

    /// <summary>The beginning of the name of every table: <c>x_shop_</c>.</summary>
    public string Prefix => $"x_{Name}_";

    internal IReadOnlyList<HostTable> Tables => _tables;

    /// <summary>The record of what has run is a table of the host's own: Cote's numbers stay as they are.</summary>
    internal MigrationHistory History => new(Name, Prefix + "migrations", _migrations, this);

    /// <summary>
    /// Adds a migration after those before it. It runs once, at the first start that knows it, in a transaction, after
    /// Cote's own. One that has run anywhere must never change, move or go.
    /// </summary>
    /// <param name="name">What it does, as <c>create_orders</c>.</param>
    /// <param name="sql">
    /// Statements that both engines take: columns are <c>text</c>, <c>bigint</c> or <c>double precision</c>, and every
    /// table has a primary key. Where the engines differ (<c>blob</c>, <c>bytea</c>), lines stand between
    /// <c>-- [sqlite]</c> or <c>-- [postgres]</c> and <c>-- [end]</c>. Texts are compared by their bytes on both.
    /// </param>
    public HostTables Migration(string name, string sql)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var number = _migrations.Count + 1;
        _migrations.Add(new(number, $"{number:0000}_{name}", sql.ReplaceLineEndings("\n")));
        return this;
    }

    /// <summary>
    /// Says what a table holds. Every table must be named, after those that it refers to: in this order <c>copy</c>
    /// fills them, and an erasure empties them in the opposite one.
    /// </summary>
    /// <param name="name">Its name, with the prefix.</param>
    /// <param name="user">
    /// The column with the id of the user to whom a row belongs: the row is erased with the account. Null where the
    /// rows belong to nobody.
    /// </param>
    /// <param name="isExported">Whether the user's rows are in the user's export. A table with secrets says
    /// false.</param>
    public HostTables Table(string name, string? user = null, bool isExported = true)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            throw new ArgumentException($"The table {name} does not begin with {Prefix}.", nameof(name));
        if (_tables.Any(x => x.Name == name))
            throw new ArgumentException($"The table {name} is named twice.", nameof(name));
        _tables.Add(new(name, user, user is not null && isExported));
        return this;
    }

    [GeneratedRegex("^[a-z][a-z0-9]{0,19}$")]
    private static partial Regex Names();
}

/// <summary>One table of a host.</summary>
/// <param name="Name">A constant of the program.</param>
/// <param name="User">The column with the id of the user to whom a row belongs.</param>
/// <param name="IsExported">Whether an export holds the user's rows.</param>
sealed record HostTable(string Name, string? User, bool IsExported)
{
    /// <summary>Its columns, as the database had them when it was opened.</summary>
    public IReadOnlyList<TableColumn> Columns { get; set; } = [];

    /// <summary>Its primary key, in order.</summary>
    public IReadOnlyList<string> Key => [.. Columns.Where(x => x.Place > 0).OrderBy(x => x.Place).Select(x => x.Name)];
}

/// <summary>A column of the schema.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type in lower case, in the words of the engine.</param>
/// <param name="Place">Its place in the primary key, from 1; 0 where it has none.</param>
readonly record struct TableColumn(string Table, string Name, string Type, long Place);
