namespace Cote.Data;

/// <summary>The words of PostgreSQL.</summary>
sealed class PostgresDialect : SqlDialect
{
    public static readonly PostgresDialect Instance = new();

    public override string Name => "postgres";

    // Not now(): that is the beginning of the transaction, which may have waited for a lock.
    public override Sql Now => $"(cast(extract(epoch from clock_timestamp()) * 1000 as bigint))";

    private protected override Sql EachOf(string jsonArray) =>
        $"(select jsonb_array_elements_text(cast({jsonArray} as jsonb)))";
}
