namespace Cote.Data;

/// <summary>The words of SQLite.</summary>
sealed class SqliteDialect : SqlDialect
{
    public static readonly SqliteDialect Instance = new();

    public override string Name => "sqlite";

    public override Sql Now { get; } = $"(cast(unixepoch('subsec') * 1000 as integer))";

    // FTS5 checks the search index by the list of segments that the connection has read last, and calls one that others
    // have changed since malformed. A query of a document that is not there drops the list, and reads nothing damaged.
    internal override Sql? DamagedPages => $"""
        select c.integrity_check from (select count(*) from search_index where rowid = 0)
        cross join pragma_integrity_check c where c.integrity_check <> 'ok'
        """;

    internal override Sql Bytes =>
        $"(select c.page_count * s.page_size from pragma_page_count() c, pragma_page_size() s)";

    private protected override Sql EachOf(string jsonArray) => $"(select value from json_each({jsonArray}))";

    private protected override Sql EachNumberOf(string jsonArray) => EachOf(jsonArray);

    private protected override Sql InList(Sql list) => $"in {list}";

    internal override Sql Json(string json) => $"{json}";

    internal override Sql MonthOf(Sql milliseconds) =>
        $"cast(strftime('%Y%m', {milliseconds} / 1000, 'unixepoch') as integer)";

    internal override Sql Terms(string terms) => $"{terms}";

    internal override Sql NewestWith(TermQuery terms, long before, long limit)
    {
        var all = terms.All.Select(x => $"\"{x}\"");
        if (terms.Beginning is { } beginning)
            all = all.Append($"\"{beginning}\" *");
        var match = $"({string.Join(" AND ", all)}) OR \"{terms.Instead}\"";
        return $"""
            select rowid as id from search_index
            where search_index match {match} and rowid < {before} order by rowid desc limit {limit}
            """;
    }
}
