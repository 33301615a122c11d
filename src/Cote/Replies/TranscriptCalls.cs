using Cote.Events;
using Cote.Media;
using Cote.Models;
using Cote.Primitives;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>The SQL of calls that transcribe recordings: a row of the ledger for each.</summary>
sealed class TranscriptCalls(
    Database db, TranscriptionModel model, CallLedger ledger, BudgetStore budgets, Prices prices, Clock clock)
{
    const long AttemptsPerMillisecond = 1_000;

    /// <summary>
    /// Writes a call before it is made, and takes what it may use from the budgets; null where one has no room, or the
    /// account is gone.
    /// </summary>
    /// <param name="file">The recording.</param>
    /// <param name="chatId">The chat whose reply needs the transcript.</param>
    /// <param name="input">About how many tokens of input.</param>
    /// <param name="output">About how many tokens of output.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task<CallKey?> BeginAsync(
        MediaFile file, string chatId, long input, long output, TimeSpan within, CancellationToken ct)
    {
        // No fence is raised for an upload: a number that no other call has.
        var attempt = clock.Now.Milliseconds * AttemptsPerMillisecond
            + Random.Shared.NextInt64(AttemptsPerMillisecond);
        var key = new CallKey(file.UserId, file.Id, Purposes.Transcription, attempt);
        var price = prices.Find(model.Id!);
        await budgets.PrepareAsync(file.UserId, ct);
        while (await budgets.ReadAsync(file.UserId, ct) is var budget && budget.Refuse(input, price, output) is null)
        {
            var isLimited = budget.Own.Count + budget.All.Count > 0;
            var amount = isLimited ? new Amount(input + output, price?.CostOf(input, output) ?? 0) : default;
            var batch = new WriteBatch();
            var unit = clock.NewId();
            EventTransaction.LockHead(batch, file.UserId);
            Sql lives = $"exists (select 1 from users u where u.id = {file.UserId} and u.erased_at is null)";
            if (isLimited)
                BudgetStore.Take(batch, file.UserId, unit, budget, amount, lives);
            var isThere = batch.Query($"select 1 where {lives}", _ => true);
            Sql guard = isLimited ? BudgetStore.IsTaken(file.UserId, unit) : $"1 = 1";
            ledger.Add(
                batch,
                new($"u.id", $"{file.Id}", Purposes.Transcription, $"cast({attempt} as bigint)", $"0", $"{chatId}",
                    $"{model.Id}", $"cast({input} as bigint)"),
                $"users u where u.id = {file.UserId} and u.erased_at is null and {guard}", within,
                isLimited ? (amount, budget.Now) : null);
            var added = batch.Query($"select 1 from calls where {key.Condition}", _ => true);
            await db.WriteAsync(batch);
            if (added.First)
                return key;
            if (!isLimited || !isThere.First)
                return null;
        }
        return null;
    }

    /// <summary>Settles a call with what it has used; null where nothing was.</summary>
    public Task SettleAsync(CallKey call, CallUsage? usage)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, call.UserId);
        CallLedger.Settle(batch, call, usage);
        return db.WriteAsync(batch);
    }
}
