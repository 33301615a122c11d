using Cote.Events;
using Cote.Models;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>A call of a model that is about to be made.</summary>
/// <param name="Model">Its id, as <c>provider/model</c>.</param>
/// <param name="Tokens">About how many tokens its prompt has.</param>
/// <param name="Output">The most tokens of its answer, or null where nothing limits it.</param>
/// <param name="Shown">The attempt that its text is shown as; null for the one that is raised for it.</param>
readonly record struct NextCall(string Model, long Tokens, int? Output, long? Shown = null);

/// <summary>What came of the wish to make a call.</summary>
/// <param name="IsOwned">Whether the reply is still this node's, with its attempt raised.</param>
/// <param name="HasRoom">Whether every budget has room for the call.</param>
/// <param name="Output">The most tokens of its answer.</param>
readonly record struct BegunCall(bool IsOwned, bool HasRoom, int? Output);

/// <summary>
/// The SQL before a model call: the attempt is raised on disk, the call before it is settled, and where a budget
/// applies, so much of it is taken as the call may use.
/// </summary>
sealed class ReplyCalls(
    Database db, ReplyLeases leases, BudgetStore budgets, BudgetNotices notices, Prices prices, Clock clock)
{
    /// <summary>The most tokens of an answer under a budget, where nothing else limits it.</summary>
    const int UsualOutput = 4_096;

    /// <summary>Whether a budget applies to the calls of a reply.</summary>
    public bool HaveBudget(PendingReplyRow reply) => reply.HasOwnBudget || budgets.IsConfigured;

    /// <summary>Raises the attempt of a reply, without a budget; false where it is not this node's any more, null where
    /// its user has got a budget meanwhile.</summary>
    /// <param name="reply">The reply with its fence.</param>
    /// <param name="used">What the call under this fence has used.</param>
    /// <param name="next">The next one.</param>
    public async Task<bool?> RaiseAsync(PendingReplyRow reply, CallUsage? used, NextCall next)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, reply.UserId);
        var raised = Raise(batch, reply, used, next, $"not {BudgetStore.HasOwn($"{reply.UserId}")}", null);
        var owned = batch.Query($"select 1 from messages where {leases.Fence(reply)}", _ => true);
        await db.WriteAsync(batch);
        return raised.Changed == 1 ? true : owned.First ? null : false;
    }

    /// <summary>
    /// Takes what a call may use from the budgets, and raises the attempt of its reply, in one unit. The answer is as
    /// long as what is left allows; where that is less than a short one, nothing is taken.
    /// </summary>
    public async Task<BegunCall> ReserveAsync(
        PendingReplyRow reply, CallUsage? used, NextCall next, CancellationToken ct)
    {
        var wanted = next.Output ?? UsualOutput;
        var price = prices.Find(next.Model);
        if (used is not null)
        {
            // First, so that what it had taken and not used is there for the next one.
            var settled = new WriteBatch();
            EventTransaction.LockHead(settled, reply.UserId);
            CallLedger.Settle(settled, reply.Call, used);
            notices.AddReached(settled, reply.UserId, mayHaveOwn: true);
            await db.WriteAsync(settled);
        }
        await budgets.PrepareAsync(reply.UserId, ct);
        var least = Math.Min(wanted, Budget.LeastOutput);
        while (true)
        {
            var budget = await budgets.ReadAsync(reply.UserId, ct);
            if (budget.Refuse(next.Tokens, price, least) is not null)
            {
                await notices.TellRefusedAsync(reply.UserId, budget, next.Tokens, price, least, ct);
                return new(IsOwned: true, HasRoom: false, null);
            }
            var output = budget.OutputBeside(next.Tokens, price, wanted);
            var amount = new Amount(next.Tokens + output, price?.CostOf(next.Tokens, output) ?? 0);
            var batch = new WriteBatch();
            var unit = clock.NewId();
            EventTransaction.LockHead(batch, reply.UserId);
            BudgetStore.Take(batch, reply.UserId, unit, budget, amount,
                $"exists (select 1 from messages where {leases.Fence(reply)})");
            var raised = Raise(
                batch, reply, used, next, BudgetStore.IsTaken(reply.UserId, unit), (amount, budget.Now));
            var owned = batch.Query(
                $"select 1 from messages where {leases.Fence(reply)}", _ => true);
            await db.WriteAsync(batch);
            if (raised.Changed == 1)
                return new(IsOwned: true, HasRoom: true, (int)output);
            if (!owned.First)
                return new(IsOwned: false, HasRoom: true, null);
            // Others have taken of it meanwhile, or a window has turned.
        }
    }

    Statement Raise(
        WriteBatch batch, PendingReplyRow reply, CallUsage? used, NextCall next, Sql guard,
        (Amount, Timestamp)? reserved)
    {
        CallLedger.Settle(batch, reply.Call, used);
        var raised = batch.Execute($"""
            update messages set attempt = attempt + 1, lease_until = {leases.Until}, model = {next.Model} where {leases.Fence(reply)} and {guard}
            """);
        var after = reply with { Attempt = reply.Attempt + 1 };
        Sql claimed = $"""
            {guard} and r.id = {reply.Id} and r.user_id = {reply.UserId} and exists (
              select 1 from messages where {leases.Fence(after)} and messages.id = r.id)
            """;
        leases.AddCall(
            batch, claimed, $"{next.Model}", $"{next.Tokens}", $"{next.Shown ?? after.Attempt}", reserved);
        return raised;
    }
}
