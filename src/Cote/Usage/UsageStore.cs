using System.Globalization;
using System.Text.Json.Serialization;

namespace Cote.Usage;

/// <summary>What calls of models have used together: in a day, by a model, in a chat or by a user.</summary>
/// <param name="Day">A date, UTC.</param>
/// <param name="Model"><c>provider/model</c>.</param>
/// <param name="ChatId">It may be deleted.</param>
/// <param name="UserId">Null for the accounts that are erased, all together.</param>
/// <param name="Calls">How many there were.</param>
/// <param name="UnpricedCalls">Those of them whose price is unknown: the cost is without them.</param>
/// <param name="InputTokens">All of the input.</param>
/// <param name="OutputTokens">All of the output.</param>
/// <param name="CachedInputTokens">What of the input came from providers' caches, as far as they say.</param>
/// <param name="ReasoningTokens">What of the output was thought, as far as providers say.</param>
/// <param name="CostUsd">Null where the price of every call is unknown.</param>
sealed record UsageSum(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Day,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Model,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ChatId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UserId,
    long Calls, long UnpricedCalls, long InputTokens, long OutputTokens, long CachedInputTokens, long ReasoningTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? CostUsd);

/// <summary>Which calls are summed, and by what.</summary>
/// <param name="UserId">Whose; null for all.</param>
/// <param name="By"><c>day</c>, <c>model</c>, <c>chat</c> or <c>user</c>.</param>
/// <param name="From">The first moment.</param>
/// <param name="To">The first moment after.</param>
/// <param name="After">The key of the last sum of the page before.</param>
sealed record UsageQuery(string? UserId, string By, Timestamp? From, Timestamp? To, string? After);

/// <summary>A call, as it is exported.</summary>
sealed record CallInfo(
    string Purpose, string? ChatId, string SubjectId, string Model, Timestamp At, long InputTokens, long OutputTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? CachedInputTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ReasoningTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? CostUsd, bool Estimated)
{
    /// <summary>Its place in the table, for the next page.</summary>
    [JsonIgnore]
    public long Attempt { get; init; }
}

/// <summary>The SQL that reads the ledger.</summary>
sealed class UsageStore(Database db)
{
    const long MillisecondsPerDay = 86_400_000;

    /// <summary>A page of sums with the keys by which they are ordered.</summary>
    public Task<IReadOnlyList<(string Key, UsageSum Sum)>> ListAsync(
        UsageQuery query, long limit, CancellationToken ct)
    {
        Sql key = query.By switch
        {
            "day" => $"cast(c.day as text)",
            "model" => $"c.model",
            "chat" => $"coalesce(c.chat_id, '')",
            _ => $"c.user_id",
        };
        Sql calls = $"""
            select {key} as key, 1 as calls, case when c.cost is null then 1 else 0 end as unpriced, c.input, c.output, c.cached,
              c.reasoning, c.cost
            from calls c where c.state = 1 {Within($"c.at", query)}
            """;
        calls = query.UserId is { } user ? (Sql)$"{calls} and c.user_id = {user}"
            : $"{calls} union all {Erased(query)}";
        return db.ListAsync(
            $"""
            select key, cast(sum(calls) as bigint), cast(sum(unpriced) as bigint), cast(sum(input) as bigint),
              cast(sum(output) as bigint), cast(coalesce(sum(cached), 0) as bigint),
              cast(coalesce(sum(reasoning), 0) as bigint), cast(sum(cost) as bigint)
            from ({calls}) c where key > {query.After ?? ""} or (key = '' and {query.After is null} = 1)
            group by key order by key limit {limit}
            """, row => (row.GetString(0), Read(row, query.By)), ct);
    }

    /// <summary>All settled calls of a user, in the order of the table.</summary>
    public Task<IReadOnlyList<CallInfo>> ListCallsAsync(
        string userId, CallInfo? after, long limit, CancellationToken ct) => db.ListAsync(
        $"""
        select purpose, chat_id, subject_id, model, at, input, output, cached, reasoning, cost, estimated, attempt from calls
        where user_id = {userId} and state = 1
          and (subject_id, purpose, attempt) > ({after?.SubjectId ?? ""}, {after?.Purpose ?? ""}, {after?.Attempt ?? -1})
        order by subject_id, purpose, attempt limit {limit}
        """,
        row => new CallInfo(
            row.GetString(0), row.GetStringOrNull(1), row.GetString(2), row.GetString(3), new(row.GetInt64(4)),
            row.GetInt64(5), row.GetInt64(6), row.GetInt64OrNull(7), row.GetInt64OrNull(8),
            row.GetInt64OrNull(9) is { } cost ? Money.UsdOf(cost) : null, row.GetInt64(10) != 0)
        {
            Attempt = row.GetInt64(11),
        }, ct);

    /// <summary>
    /// Moves calls of an erased account into the sums without accounts, at most so many; true where more may be left.
    /// </summary>
    public async Task<bool> ForgetAsync(string userId, int most)
    {
        Sql some = $"""
            user_id = {userId} and state = 1 and (subject_id, purpose, attempt, step) in (
              select c.subject_id, c.purpose, c.attempt, c.step from calls c where c.user_id = {userId} and c.state = 1
              order by c.subject_id, c.purpose, c.attempt, c.step limit {(long)most})
            """;
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into usage_sums (day, model, calls, unpriced, input, output, cached, reasoning, cost)
            select day, model, count(*), count(*) - count(cost), sum(input), sum(output), coalesce(sum(cached), 0),
              coalesce(sum(reasoning), 0), coalesce(sum(cost), 0)
            from calls where {some} group by day, model
            on conflict (day, model) do update set calls = usage_sums.calls + excluded.calls,
              unpriced = usage_sums.unpriced + excluded.unpriced, input = usage_sums.input + excluded.input,
              output = usage_sums.output + excluded.output, cached = usage_sums.cached + excluded.cached,
              reasoning = usage_sums.reasoning + excluded.reasoning, cost = usage_sums.cost + excluded.cost
            """);
        var moved = batch.Execute($"delete from calls where {some}");
        await db.WriteAsync(batch);
        return moved.Changed >= most;
    }

    static Sql Erased(UsageQuery query)
    {
        Sql key = query.By switch
        {
            "day" => $"cast(e.day as text)",
            "model" => $"e.model",
            _ => $"''",
        };
        return $"""
            select {key}, e.calls, e.unpriced, e.input, e.output, e.cached, e.reasoning,
              case when e.calls > e.unpriced then e.cost end
            from usage_sums e where true {Within($"e.day * {MillisecondsPerDay}", query)}
            """;
    }

    static Sql Within(Sql time, UsageQuery query)
    {
        Sql within = query.From is { } from ? (Sql)$"and {time} >= {from}" : $"";
        return query.To is { } to ? $"{within} and {time} < {to}" : within;
    }

    static UsageSum Read(Row row, string by)
    {
        var key = row.GetString(0);
        return new(
            by == "day" ? DateOf(key) : null, by == "model" ? key : null, by == "chat" && key.Length > 0 ? key : null,
            by == "user" && key.Length > 0 ? key : null, row.GetInt64(1), row.GetInt64(2), row.GetInt64(3),
            row.GetInt64(4), row.GetInt64(5), row.GetInt64(6),
            row.GetInt64OrNull(7) is { } cost ? Money.UsdOf(cost) : null);
    }

    static string DateOf(string day) => Windows.BeginOf(long.Parse(day, CultureInfo.InvariantCulture))
        .ToDateTimeOffset().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
