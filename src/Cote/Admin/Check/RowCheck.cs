namespace Cote.Admin;

/// <summary>A query that finds rows that cannot be right, and what to say of each.</summary>
/// <param name="Area">What it looks at: <c>rows</c>, <c>events</c>, <c>tree</c>, <c>ledger</c>, <c>search</c>.</param>
/// <param name="Rows">Selects the faults. Each column is a text.</param>
/// <param name="Sentence">The line of a fault, with the columns as <c>{0}</c>, <c>{1}</c>…: what is wrong with which
/// row, and what to do.</param>
sealed record RowCheck(string Area, Sql Rows, string Sentence)
{
    /// <summary>
    /// The condition that the account is being erased: its rows go one after the other, and are no faults meanwhile.
    /// </summary>
    public static Sql IsErased(Sql userId) =>
        $"exists (select 1 from users u where u.id = {userId} and u.erased_at is not null)";

    /// <summary>The line of a row.</summary>
    public string Describe(Row row)
    {
        var line = Sentence;
        for (var i = 0; line.Contains($"{{{i}}}", StringComparison.Ordinal); i++)
            line = line.Replace($"{{{i}}}", row.GetStringOrNull(i) ?? "null", StringComparison.Ordinal);
        return $"{Area}: {line}";
    }
}
