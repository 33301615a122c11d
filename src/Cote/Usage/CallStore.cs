using Cote.Events;
using Cote.Models;

namespace Cote.Usage;

/// <summary>A call of a model that belongs to no reply, before it is made.</summary>
/// <param name="Key">A key that no other call has.</param>
/// <param name="ChatId">The chat that it is made for; null where there is none.</param>
/// <param name="Model">The id of the model.</param>
/// <param name="Input">About how many tokens of input.</param>
/// <param name="Output">The most tokens of output.</param>
/// <param name="Least">The least tokens of output that are worth the call.</param>
/// <param name="Within">How long it may take.</param>
sealed record NewCall(
    CallKey Key, string? ChatId, string Model, long Input, long Output, long Least, TimeSpan Within)
{
    /// <summary>Whether the price of the model says what it costs.</summary>
    public bool IsPriced { get; init; } = true;
}

/// <summary>The SQL of calls that belong to no reply: a row of the ledger for each.</summary>
sealed class CallStore(
    Database db, CallLedger ledger, BudgetStore budgets, BudgetNotices notices, Prices prices, Clock clock)
{
    /// <summary>
    /// Writes a call before it is made, and takes what it may use from the budgets.
    /// </summary>
    /// <returns>
    /// Why it cannot be made, or the most tokens of its output; neither where no budget applies. A user who is gone is
    /// an invalid token.
    /// </returns>
    public async Task<(Problem? Refused, long? Output)> BeginAsync(NewCall call, CancellationToken ct)
    {
        var userId = call.Key.UserId;
        var price = call.IsPriced ? prices.Find(call.Model) : null;
        for (var isPrepared = false; ;)
        {
            var budget = await budgets.ReadAsync(userId, ct);
            var isLimited = budget.Own.Count + budget.All.Count > 0;
            if (isLimited && !isPrepared)
            {
                await budgets.PrepareAsync(userId, ct);
                isPrepared = true;
                continue;
            }
            if (budget.Refuse(call.Input, price, call.Least) is { } problem)
            {
                await notices.TellRefusedAsync(userId, budget, call.Input, price, call.Least, ct);
                return (problem, null);
            }
            long? output = isLimited ? budget.OutputBeside(call.Input, price, call.Output) : null;
            var (isAdded, isThere) = await AddAsync(call, budget, price, output);
            if (isAdded)
                return (null, output);
            if (!isThere)
                return (Problems.InvalidToken, null);
            // Others have taken of it meanwhile, a window has turned, or the user has got a budget.
        }
    }

    /// <summary>Settles a call with what it has used; null where nothing was.</summary>
    public Task SettleAsync(CallKey call, CallUsage? usage)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, call.UserId);
        CallLedger.Settle(batch, call, usage);
        notices.AddReached(batch, call.UserId, mayHaveOwn: true);
        return db.WriteAsync(batch);
    }

    async Task<(bool IsAdded, bool IsThere)> AddAsync(NewCall call, Budget budget, Price? price, long? output)
    {
        var (key, userId) = (call.Key, call.Key.UserId);
        Amount? amount = output is { } most
            ? new(call.Input + most, price?.CostOf(call.Input, most) ?? 0) : null;
        var batch = new WriteBatch();
        var unit = clock.NewId();
        EventTransaction.LockHead(batch, userId);
        Sql lives = $"exists (select 1 from users u where u.id = {userId} and u.erased_at is null)";
        if (amount is { } taken)
            BudgetStore.Take(batch, userId, unit, budget, taken, lives);
        var isThere = batch.Query($"select 1 where {lives}", _ => true);
        Sql guard = amount is null ? $"not {BudgetStore.HasOwn($"{userId}")}" : BudgetStore.IsTaken(userId, unit);
        ledger.Add(
            batch,
            new($"u.id", $"{key.SubjectId}", key.Purpose, $"cast({key.Attempt} as bigint)", $"0", $"{call.ChatId}",
                $"{call.Model}", $"cast({call.Input} as bigint)"),
            $"users u where u.id = {userId} and u.erased_at is null and {guard}", call.Within,
            amount is null ? null : (amount.Value, budget.Now));
        var added = batch.Query($"select 1 from calls where {key.Condition}", _ => true);
        await db.WriteAsync(batch);
        return (added.First, isThere.First);
    }
}
