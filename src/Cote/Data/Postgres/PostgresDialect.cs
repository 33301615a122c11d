namespace Cote.Data;

/// <summary>The words of PostgreSQL.</summary>
sealed class PostgresDialect : SqlDialect
{
    public static readonly PostgresDialect Instance = new();

    public override string Name => "postgres";

    // Not now(): that is the beginning of the transaction, which may have waited for a lock.
    public override Sql Now => $"(cast(extract(epoch from clock_timestamp()) * 1000 as bigint))";

    internal override Sql Bytes => $"pg_database_size(current_database())";

    internal override Sql SkipLocked => $"for update skip locked";

    private protected override Sql EachOf(string jsonArray) =>
        $"(select jsonb_array_elements_text(cast({jsonArray} as jsonb)))";

    private protected override Sql EachNumberOf(string jsonArray) =>
        $"(select cast(jsonb_array_elements_text(cast({jsonArray} as jsonb)) as bigint))";

    // A list behind `in` is joined, and before its tables are analyzed the planner joins all rows of a user with it.
    private protected override Sql InList(Sql list) => $"= any(array{list})";

    internal override Sql Json(string json) => $"cast({json} as jsonb)";

    internal override Sql MonthOf(Sql milliseconds) =>
        $"cast(to_char(to_timestamp({milliseconds} / 1000) at time zone 'UTC', 'YYYYMM') as bigint)";

    internal override Sql Terms(string terms) => $"array_to_tsvector(string_to_array({terms}, ' '))";

    // The sums keep the planner from walking the ids of all users backwards until enough of them match.
    internal override Sql NewestWith(TermQuery terms, long before, long limit)
    {
        var all = terms.All.Select(x => $"'{x}'");
        if (terms.Beginning is { } beginning)
            all = all.Append($"'{beginning}':*");
        var match = $"({string.Join(" & ", all)}) | '{terms.Instead}'";
        return $"""
            select id from search_documents
            where terms @@ cast({match} as tsquery) and id + 0 < {before} order by id + 0 desc limit {limit}
            """;
    }
}
