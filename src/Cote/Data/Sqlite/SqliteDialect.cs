namespace Cote.Data;

/// <summary>The words of SQLite.</summary>
sealed class SqliteDialect : SqlDialect
{
    public static readonly SqliteDialect Instance = new();

    public override string Name => "sqlite";

    public override Sql Now => $"(cast(unixepoch('subsec') * 1000 as integer))";

    private protected override Sql EachOf(string jsonArray) => $"(select value from json_each({jsonArray}))";
}
