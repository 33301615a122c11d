using Cote.Chats;
using Cote.Events;
using Cote.Models;
using Cote.Primitives;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>A title that this node is to ask for.</summary>
/// <param name="State">The chat's <c>title_state</c>, which is the fence together with the reply.</param>
/// <param name="Question">The beginning of the question.</param>
/// <param name="Reply">The beginning of the reply.</param>
/// <param name="HasOwnBudget">Whether an admin gave the user a budget.</param>
sealed record TitleTask(
    string UserId, string ChatId, long State, string ReplyId, string Question, string Reply, bool HasOwnBudget = false)
{
    /// <summary>The call of the model.</summary>
    public CallKey Call => new(UserId, ReplyId, Purposes.Title, State);
}

/// <summary>The SQL of titles that a model makes. What a person writes meanwhile wins.</summary>
sealed class TitleStore(
    Database db, EventLog events, TitleModel model, CallLedger ledger, BudgetStore budgets, Prices prices, Clock clock)
{
    /// <summary>About how many tokens the instruction has.</summary>
    const long InstructionTokens = 120;

    /// <summary>How long a node has for one title, by the database's clock.</summary>
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    static readonly Sql IsDue = $"title_state in (2, 3) and title_source = 'auto' and deleted_at is null";

    /// <summary>Chats for which a model is to be asked, and nobody does.</summary>
    public Task<IReadOnlyList<(string UserId, string ChatId)>> ListDueAsync(long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select user_id, id from chats where {IsDue} and title_lease < {db.Dialect.Now}
            order by title_state, title_lease limit {limit}
            """, row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>
    /// Takes a chat for this node, so that no other one asks; null where it was taken, or has nothing to ask about any
    /// more. It is taken twice at the most.
    /// </summary>
    public async Task<TitleTask?> ClaimAsync(string userId, string chatId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        var claim = batch.Query(
            $"""
            update chats set title_state = title_state + 1, title_lease = {db.Dialect.Now} + {(long)Lease.TotalMilliseconds}
            where user_id = {userId} and id = {chatId} and {IsDue} and title_lease < {db.Dialect.Now}
            returning title_state, title_reply_id
            """, row => (State: row.GetInt64(0), ReplyId: row.GetStringOrNull(1) ?? ""));
        Sql turn = $"""
            chats c
            join messages r on r.user_id = c.user_id and r.id = c.title_reply_id and r.deleted_at is null
            join messages q on q.user_id = c.user_id and q.id = r.reply_to_id and q.deleted_at is null
            where c.user_id = {userId} and c.id = {chatId}
            """;
        AddCall(batch, userId, chatId, turn);
        var texts = batch.Query(
            $"""
            select {Begin($"q")}, {Begin($"r")}, cast(case when {BudgetStore.HasOwn($"c.user_id")} then 1 else 0 end as bigint)
            from {turn}
            """,
            row => (Question: row.GetString(0), Reply: row.GetString(1), HasBudget: row.GetInt64(2) != 0));
        await db.WriteAsync(batch);
        if (claim.Items is not [var (state, replyId)])
            return null;
        if (texts.Items is [var (question, reply, hasBudget)])
            return new(userId, chatId, state, replyId, Cut(question), Cut(reply), hasBudget);
        // They were deleted: the next reply may have a title in it.
        await SetStateAsync(new(userId, chatId, state, replyId, "", ""), TitleStates.Waiting, null);
        return null;
    }

    /// <summary>
    /// Takes what the call may use from the budgets of the user, where there are some; false where one has no room.
    /// </summary>
    public async Task<bool> ReserveAsync(TitleTask task, long tokens, long output, CancellationToken ct)
    {
        if (!task.HasOwnBudget && !budgets.IsConfigured)
            return true;
        var price = prices.Find(model.Id!);
        var amount = new Amount(tokens + output, price?.CostOf(tokens, output) ?? 0);
        await budgets.PrepareAsync(task.UserId, ct);
        while (await budgets.ReadAsync(task.UserId, ct) is var budget && budget.Refuse(tokens, price, output) is null)
        {
            var batch = new WriteBatch();
            var unit = clock.NewId();
            EventTransaction.LockHead(batch, task.UserId);
            BudgetStore.Take(batch, task.UserId, unit, budget, amount, $"1 = 1");
            var reserved = CallLedger.Reserve(
                batch, task.Call, tokens, amount, budget.Now, BudgetStore.IsTaken(task.UserId, unit));
            await db.WriteAsync(batch);
            if (reserved.Changed > 0)
                return true;
        }
        return false;
    }

    /// <summary>Sets the title, unless a person has written one since, or the chat is gone.</summary>
    public Task FinishAsync(TitleTask task, string title, CallUsage? used)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(
            batch, task.UserId, clock.NewId(), clock.Now, 1,
            ChatStore.Lives(task.UserId, task.ChatId, IsHeld(task, $"c")));
        transaction.Execute($"""
            update chats set title = {title}, title_state = {TitleStates.None}, title_reply_id = null, changed = h.seq
            from {transaction.Locked} and chats.user_id = {task.UserId} and chats.id = {task.ChatId}
            """);
        CallLedger.Settle(batch, task.Call, used);
        transaction.Append(EventTypes.ChatUpdated, task.ChatId);
        return events.CommitAsync(batch, task.UserId, transaction);
    }

    /// <summary>The call failed, or its answer is no title: it is not made again.</summary>
    public Task GiveUpAsync(TitleTask task, CallUsage? used) => SetStateAsync(task, TitleStates.None, used);

    /// <summary>The call was cut off by the end of this process: whoever looks next may make it once more.</summary>
    public Task ReleaseAsync(TitleTask task, CallUsage? used) => SetStateAsync(task, task.State, used);

    /// <summary>Ends all leases: where no second process can exist, those found at the start have no owner.</summary>
    public Task VoidLeasesAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"update chats set title_lease = 0 where title_state in (2, 3) and title_lease > 0");
        return db.WriteAsync(batch);
    }

    // The call of a claim before this one is lost with its node.
    void AddCall(WriteBatch batch, string userId, string chatId, Sql turn)
    {
        LostCalls.Settle(batch, userId, $"""
            calls.chat_id = {chatId} and calls.purpose = 'title' and exists (
              select 1 from chats c where c.user_id = calls.user_id and c.id = {chatId} and c.title_lease > 0
                and c.title_reply_id = calls.subject_id and c.title_state > calls.attempt)
            """);
        if (model.Id is { } id)
            ledger.Add(
                batch, new($"c.user_id", $"r.id", Purposes.Title, $"c.title_state", $"0", $"c.id", $"{id}", $"""
                    {InstructionTokens} + (octet_length({Begin($"q")}) + octet_length({Begin($"r")})) / 4
                    """), $"{turn} and c.title_state > 2", 2 * Lease);
    }

    Task<Outcome> SetStateAsync(TitleTask task, long state, CallUsage? used)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, task.UserId);
        CallLedger.Settle(batch, task.Call, used);
        batch.Execute($"""
            update chats set title_state = {state}, title_lease = 0
            where user_id = {task.UserId} and id = {task.ChatId} and {IsHeld(task, $"chats")}
            """);
        return db.WriteAsync(batch);
    }

    static Sql IsHeld(TitleTask task, Sql chat) => $"""
        {chat}.title_source = 'auto' and {chat}.title_state = {task.State} and {chat}.title_reply_id = {task.ReplyId}
        """;

    // Of a question without text, the name of its first upload.
    static Sql Begin(Sql message) => $"""
        case when {message}.content <> '' then substr({message}.content, 1, cast({TitleText.LongestExcerpt} as integer))
          else coalesce((
            select f.name from message_media n join media f on f.user_id = n.user_id and f.id = n.media_id
            where n.user_id = {message}.user_id and n.message_id = {message}.id order by n.place limit 1), '') end
        """;

    // The databases count code points.
    static string Cut(string text) => Excerpt.Of(text, TitleText.LongestExcerpt);
}
