using Cote.Cluster;
using Cote.Models;

namespace Cote.Usage;

/// <summary>What a call was made for. The names stand in the database: they may never change.</summary>
static class Purposes
{
    public const string Chat = "chat";
    public const string Title = "title";
    public const string Transcription = "transcription";
    public const string Gateway = "v1";
}

/// <summary>A call of a model.</summary>
/// <param name="SubjectId">What it is made for: of a reply and of its title the reply's id, of a transcript the
/// upload's, of a call through the gateway an id of its own.</param>
/// <param name="Purpose">One of <see cref="Purposes"/>.</param>
/// <param name="Attempt">The fence under which it is made: whoever holds it is the only one that settles it, until
/// the fence has moved.</param>
readonly record struct CallKey(string UserId, string SubjectId, string Purpose, long Attempt)
{
    public Sql Condition => $"""
        calls.user_id = {UserId} and calls.subject_id = {SubjectId} and calls.purpose = {Purpose}
          and calls.attempt = {Attempt}
        """;
}

/// <summary>Tokens, and what they cost in nano-USD.</summary>
readonly record struct Amount(long Tokens, long Cost);

/// <summary>The columns of a call that is about to be made, where a statement selects them.</summary>
/// <param name="Shown">The attempt that its text is shown as; 0 where it is shown as none.</param>
sealed record CallColumns(
    Sql UserId, Sql SubjectId, string Purpose, Sql Attempt, Sql Shown, Sql ChatId, Sql Model, Sql Input);

/// <summary>
/// The SQL of the ledger: a row for each call of a model, reserved in the unit that raises the attempt and settled in
/// the one that ends it. Every unit that settles holds the head of its user's log, so that no call is counted twice.
/// </summary>
sealed class CallLedger(SqlDialect dialect, Prices prices, Node node)
{
    const long MillisecondsPerDay = 86_400_000;

    static readonly Sql CostOfUsed = Price.CostOf($"u.input", $"u.output", $"coalesce(u.cached, 0)");
    static readonly Sql CostOfEstimated = Price.CostOf($"input", $"output", $"0");

    /// <summary>Reserves a row for each call that is selected.</summary>
    /// <param name="batch">Is added to.</param>
    /// <param name="call">The columns.</param>
    /// <param name="source">What they are selected from, without <c>from</c>: <c>messages r where …</c>.</param>
    /// <param name="within">How long it may take, before the sweep settles it.</param>
    /// <param name="reserved">What was taken from budgets for it, and when.</param>
    public void Add(
        WriteBatch batch, CallColumns call, Sql source, TimeSpan within, (Amount Amount, Timestamp At)? reserved = null)
    {
        var (amount, at) = reserved ?? default;
        Sql now = reserved is null ? dialect.Now : $"{at}";
        batch.Execute($"""
            insert into calls (user_id, subject_id, purpose, attempt, shown, chat_id, model, owner, until, at, day, month, input,
              price_input, price_output, price_cached, reserved_tokens, reserved_cost)
            select {call.UserId}, {call.SubjectId}, {call.Purpose}, {call.Attempt}, {call.Shown}, {call.ChatId}, {call.Model}, {node.Id},
              n.now + {(long)within.TotalMilliseconds}, n.now, n.now / {MillisecondsPerDay}, {dialect.MonthOf($"n.now")}, {call.Input},
              {prices.Columns(dialect, call.Model)}, {amount.Tokens}, {amount.Cost}
            from (select {now} as now) n, {source}
            on conflict do nothing
            """);
    }

    /// <summary>Notes what was taken from budgets for a call that is about to be made.</summary>
    public static Statement Reserve(
        WriteBatch batch, CallKey call, long input, Amount amount, Timestamp at, Sql guard) => batch.Execute($"""
        update calls set at = {at}, day = {Windows.DayOf(at)}, month = {Windows.MonthOf(at)}, input = {input},
          reserved_tokens = {amount.Tokens}, reserved_cost = {amount.Cost}
        where {call.Condition} and state = 0 and {guard}
        """);

    /// <summary>Settles a call with what it has used. One that was settled meanwhile stays as it is.</summary>
    /// <param name="batch">Is added to.</param>
    /// <param name="call">The call.</param>
    /// <param name="usage">What it has used; null where it was not made, and its row goes.</param>
    public static void Settle(WriteBatch batch, CallKey call, CallUsage? usage)
    {
        Sql used = $"""
            (select {usage?.Input ?? 0} as input, {usage?.Output ?? 0} as output, {usage?.Cached} as cached) u
            """;
        // Two statements: the user's counter is locked before the installation's, by everybody.
        Count(batch, call, used, call.UserId);
        Count(batch, call, used, "");
        batch.Execute(usage is null ? (Sql)$"delete from calls where {call.Condition} and state = 0" : $"""
            update calls set state = 1, until = 0, input = u.input, output = u.output, cached = u.cached,
              reasoning = {usage.Reasoning}, estimated = {usage.IsEstimated}, cost = {CostOfUsed},
              reserved_tokens = 0, reserved_cost = 0
            from {used} where {call.Condition} and calls.state = 0
            """);
    }

    /// <summary>Settles calls that nobody can count any more, by estimates.</summary>
    /// <param name="batch">Is added to.</param>
    /// <param name="userId">The owner.</param>
    /// <param name="which">A condition on <c>calls</c>.</param>
    /// <param name="input">About how many tokens of input, where that was not reserved.</param>
    /// <param name="output">About how many of output.</param>
    public static void SettleLost(WriteBatch batch, string userId, Sql which, Sql input, Sql output)
    {
        batch.Execute($"""
            update calls set state = 2, estimated = 1, input = case when input > 0 then input else {input} end,
              output = {output}
            where calls.user_id = {userId} and {which} and state <> 1 and state = 0
            """);
        batch.Execute($"""
            update calls set cost = {CostOfEstimated}
            where user_id = {userId} and state <> 1 and state = 2
            """);
        Close(batch, userId);
    }

    /// <summary>What the calls of a reply, a row of <c>messages</c>, have used, as the JSON of
    /// <c>generation.usage</c>; null where none was made.</summary>
    public static readonly Sql UsageOfReply = $$"""
        (select cast('{"input_tokens":' as text) || sum(u.input) || ',"output_tokens":' || sum(u.output)
          || coalesce(',"cached_input_tokens":' || sum(u.cached), '')
          || coalesce(',"reasoning_tokens":' || sum(u.reasoning), '')
          || case when count(*) = count(u.cost) then ',"cost_usd":' || {{Money.Json($"sum(u.cost)")}} else '' end
          || case when max(u.estimated) = 1 then ',"estimated":true' else '' end || '}'
         from calls u
         where u.user_id = messages.user_id and u.subject_id = messages.id and u.purpose = 'chat' and u.state = 1)
        """;

    // Settled calls are counted in the windows in which they were reserved.
    static void Close(WriteBatch batch, string userId)
    {
        Sql sums = $"select {SumsOfSettled} from calls c where c.user_id = {userId} and c.state <> 1 and c.state = 2";
        Count(batch, sums, userId);
        Count(batch, sums, "");
        batch.Execute($"""
            update calls set state = 1, until = 0, reserved_tokens = 0, reserved_cost = 0
            where user_id = {userId} and state <> 1 and state = 2
            """);
    }

    static void Count(WriteBatch batch, CallKey call, Sql used, string budget) => Count(batch, $"""
        select calls.day as began_day, calls.month as began_month, u.input + u.output as tokens,
          coalesce({CostOfUsed}, 0) as cost, calls.reserved_tokens, calls.reserved_cost
        from calls, {used} where {call.Condition} and calls.state = 0
        """, budget);

    static void Count(WriteBatch batch, Sql sums, string budget) => batch.Execute($"""
        update budgets set {Counted} from ({sums}) s
        where budgets.user_id = {budget} and budgets.day > 0 and s.began_day is not null
        """);

    static readonly Sql SumsOfSettled = $"""
        max(c.day) as began_day, max(c.month) as began_month, sum(c.input + c.output) as tokens,
        coalesce(sum(c.cost), 0) as cost, sum(c.reserved_tokens) as reserved_tokens, sum(c.reserved_cost) as reserved_cost
        """;

    static readonly Sql Counted = $"""
        {CountedIn($"day", $"tokens")}, {CountedIn($"day", $"cost")}, {CountedIn($"month", $"tokens")}, {CountedIn($"month", $"cost")},
        day = case when day < s.began_day then s.began_day else day end,
        month = case when month < s.began_month then s.began_month else month end
        """;

    // A window that has passed is not counted in; one that has begun since the row was written begins with this.
    static Sql CountedIn(Sql window, Sql unit) => $"""
        {window}_{unit} = case when {window} = s.began_{window} then {window}_{unit} + s.{unit}
          when {window} < s.began_{window} then s.{unit} else {window}_{unit} end,
        {window}_reserved_{unit} = case when {window} = s.began_{window} then {window}_reserved_{unit} - s.reserved_{unit}
          when {window} < s.began_{window} then 0 else {window}_reserved_{unit} end
        """;
}
