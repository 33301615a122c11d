using Cote.Notices;

namespace Cote.Usage;

/// <summary>
/// Tells that a user's budget is reached, once in each of its windows: when what was used is at a cap, or when a call
/// finds no room. The row of the budget notes what was told, in the same batch.
/// </summary>
sealed class BudgetNotices(Database db, BudgetStore budgets, BudgetsOptions options, Outbox outbox, Clock clock)
{
    readonly Caps _own = Caps.Of(options);

    bool IsWanted => outbox.Wants(NoticeTypes.BudgetReached);

    /// <summary>Adds to a batch that has settled a call what tells that a cap is reached by it, if one is.</summary>
    /// <param name="batch">Is added to.</param>
    /// <param name="userId">The user.</param>
    /// <param name="mayHaveOwn">Whether an admin may have given the user a budget. One that comes while a reply is made
    /// is told of at its next call, or when a call finds no room.</param>
    public void AddReached(WriteBatch batch, string userId, bool mayHaveOwn)
    {
        if (!IsWanted || !mayHaveOwn && !_own.AreSet)
            return;
        Sql reached(Sql window, long? tokens, long? cost) => $"""
            b.told_{window} < b.{window} and (b.{window}_tokens >= coalesce(b.cap_{window}_tokens, {tokens})
              or b.{window}_cost >= coalesce(b.cap_{window}_cost, {cost}))
            """;
        Add(batch, userId,
            (reached($"day", _own.DayTokens, _own.DayCost), $"b.day"),
            (reached($"month", _own.MonthTokens, _own.MonthCost), $"b.month"));
    }

    /// <summary>Tells of the windows of the user in which a call finds no room.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="budget">As it was read.</param>
    /// <param name="input">About how many tokens of input the call has.</param>
    /// <param name="price">The price of its model.</param>
    /// <param name="wanted">The least tokens of output that are worth it.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task TellRefusedAsync(
        string userId, Budget budget, long input, Price? price, long wanted, CancellationToken ct)
    {
        if (!IsWanted)
            return;
        var full = budget.Own.Where(x => x.OutputBeside(input, price) < wanted).Select(x => x.Window).ToHashSet();
        if (full.Count == 0)
            return;
        await budgets.PrepareAsync(userId, ct);
        var (day, month) = (Windows.DayOf(budget.Now), Windows.MonthOf(budget.Now));
        Sql inDay = $"b.told_day < {day} and {full.Contains(Windows.Day)} = 1";
        Sql inMonth = $"b.told_month < {month} and {full.Contains(Windows.Month)} = 1";
        // Who goes on asking costs a read.
        if (!await db.FirstAsync(Untold(userId, inDay, inMonth), _ => true, ct))
            return;
        var batch = new WriteBatch();
        batch.Lock($"select 1 from budgets where user_id = {userId}");
        Add(batch, userId, (inDay, $"{day}"), (inMonth, $"{month}"));
        await db.WriteAsync(batch);
    }

    void Add(WriteBatch batch, string userId, (Sql Is, Sql Number) day, (Sql Is, Sql Number) month)
    {
        outbox.Add(batch, NoticeTypes.BudgetReached, userId, clock.Now, $"exists ({Untold(userId, day.Is, month.Is)})");
        batch.Execute($"""
            update budgets set told_day = case when {day.Is} then {day.Number} else b.told_day end,
              told_month = case when {month.Is} then {month.Number} else b.told_month end
            from budgets b where b.user_id = {userId} and budgets.user_id = b.user_id and (({day.Is}) or ({month.Is}))
            """);
    }

    static Sql Untold(string userId, Sql inDay, Sql inMonth) =>
        $"select 1 from budgets b where b.user_id = {userId} and (({inDay}) or ({inMonth}))";
}
