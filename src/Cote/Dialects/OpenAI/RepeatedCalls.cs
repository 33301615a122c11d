using System.Security.Cryptography;
using System.Text;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Dialects.OpenAI;

/// <summary>A call that a client has given a key.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Route">The path of the route.</param>
/// <param name="Hash">The hash of the key.</param>
/// <param name="Body">The hash of what was sent with it.</param>
/// <param name="Owner">This request, by a new id.</param>
sealed record RepeatedCall(string UserId, string Route, string Hash, string Body, string Owner)
{
    const int MostKey = 255;

    /// <summary>Whether a header can be a key.</summary>
    public static bool IsKey(string header) => header.Length is > 0 and <= MostKey;

    public static RepeatedCall Of(string userId, string route, string key, ReadOnlySpan<byte> body, string owner) =>
        new(userId, route, HashOf(Encoding.UTF8.GetBytes(key)), HashOf(body), owner);

    public Sql Condition => $"user_id = {UserId} and route = {Route} and key = {Hash}";

    static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>What stands under a key.</summary>
/// <param name="IsOwn">Whether this request makes the call.</param>
/// <param name="IsSame">Whether the key was sent with the same body.</param>
/// <param name="IsRunning">Whether the call is made by a request that is alive.</param>
/// <param name="Status">The status of the answer; null where there is none.</param>
/// <param name="ContentType">The type of the answer.</param>
/// <param name="Answer">The answer; null where it was not kept.</param>
sealed record KeptCall(
    bool IsOwn, bool IsSame, bool IsRunning, long? Status, string? ContentType, byte[]? Answer);

/// <summary>The SQL of calls that clients have given keys: one row a key, for a day.</summary>
sealed class RepeatedCalls(Database db)
{
    // Renewed three times in that time.
    const long LeaseMilliseconds = 30_000;
    const long KeptMilliseconds = 24 * 3_600_000;

    /// <summary>How often the owner says that it is alive.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    Sql Now => db.Dialect.Now;

    /// <summary>Takes a key, where nobody has; what stands under it.</summary>
    public async Task<KeptCall> ClaimAsync(RepeatedCall call)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from repeated_calls where {call.Condition} and at < {Now} - {KeptMilliseconds}");
        batch.Execute($"""
            insert into repeated_calls (user_id, route, key, body, owner, until, at)
            select u.id, {call.Route}, {call.Hash}, {call.Body}, {call.Owner}, {Now} + {LeaseMilliseconds}, {Now}
            from users u where u.id = {call.UserId} and u.erased_at is null
            on conflict do nothing
            """);
        var kept = batch.Query($"{Select} where {call.Condition}", row => Read(row, call));
        await db.WriteAsync(batch);
        return kept.First ?? throw new ProblemException(Problems.InvalidToken);
    }

    /// <summary>What stands under a key now; null where its call was not made.</summary>
    public Task<KeptCall?> FindAsync(RepeatedCall call, CancellationToken ct) =>
        db.FirstAsync($"{Select} where {call.Condition}", row => Read(row, call), ct);

    /// <summary>Says that the request that makes the call is alive.</summary>
    public Task RenewAsync(RepeatedCall call) => ExecuteAsync($"""
        update repeated_calls set until = {Now} + {LeaseMilliseconds} where {Own(call)} and state = 0
        """);

    /// <summary>Keeps the answer; one without bytes says that there was one.</summary>
    public Task KeepAsync(RepeatedCall call, int? status, string? contentType, byte[]? answer) => ExecuteAsync($"""
        update repeated_calls set state = 1, until = 0, status = {(long?)status}, content_type = {contentType},
          answer = {answer}
        where {Own(call)} and state = 0
        """);

    /// <summary>Frees a key whose call was not made.</summary>
    public Task ReleaseAsync(RepeatedCall call) => ExecuteAsync($"delete from repeated_calls where {Own(call)}");

    /// <summary>Removes what is older than a day.</summary>
    public Task SweepAsync() => ExecuteAsync($"delete from repeated_calls where at < {Now} - {KeptMilliseconds}");

    Sql Select => $"""
        select owner, body, state, cast(case when until > {Now} then 1 else 0 end as bigint), status, content_type,
          answer
        from repeated_calls
        """;

    static Sql Own(RepeatedCall call) => $"{call.Condition} and owner = {call.Owner}";

    static KeptCall Read(Row row, RepeatedCall call) => new(
        row.GetString(0) == call.Owner, row.GetString(1) == call.Body, row.GetInt64(2) == 0 && row.GetInt64(3) == 1,
        row.GetInt64OrNull(4), row.GetStringOrNull(5), row.IsDBNull(6) ? null : row.GetBytes(6));

    Task<Outcome> ExecuteAsync(Sql sql)
    {
        var batch = new WriteBatch();
        batch.Execute(sql);
        return db.WriteAsync(batch);
    }
}

/// <summary>Removes answers that were kept for a day.</summary>
sealed class RepeatedCallLoop(RepeatedCalls calls, Clock clock, ILogger<RepeatedCallLoop> log)
    : PeriodicLoop(TimeSpan.FromHours(1), clock, log)
{
    protected override bool RunsAtStart => true;

    protected override Task RunRoundAsync(CancellationToken ct) => calls.SweepAsync();
}
