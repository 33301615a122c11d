using Cote.Chats;
using Cote.Events;
using Cote.Notices;
using Cote.Usage;
using Cote.Users;

namespace Cote.Admin;

/// <summary>
/// The SQL that removes the rows of a user from the tables of all rooms. A test compares it with the schema.
/// </summary>
sealed class AccountStore(
    Database db, Revocations revocations, Audit audit, UsageStore usage, BudgetStore budgets, IdentityStore identities,
    IEnumerable<HostTables> hosts, Outbox outbox, ErasedList erased, Clock clock)
{
    const int BatchRows = 1_000;
    const int BatchParts = 16; // up to 1 MiB each
    const int BatchDocuments = 8; // each leaves its place under every one of its terms

    /// <summary>
    /// Ends the account at once: logins are refused, its sessions have ended, its name is free. <see
    /// cref="RemoveAsync"/> removes its rows; a start that finds some goes on with them.
    /// </summary>
    public async Task EraseAsync(string userId, string actor, string ip)
    {
        // What it has used is counted first: who comes back by the same identity goes on with it.
        if (await identities.HasAnyAsync(userId, CancellationToken.None))
            await budgets.PrepareAsync(userId, CancellationToken.None);
        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {userId}");
        MailStore.Forget(batch, userId);
        Outbox.Forget(batch, userId);
        Sql isThere = $"exists (select 1 from users u where u.id = {userId} and u.erased_at is null)";
        outbox.Add(batch, NoticeTypes.UserErased, userId, clock.Now, isThere);
        audit.Add(batch, AuditActions.AccountErased, userId, actor, ip, guard: isThere);
        batch.Execute($"""
            update users set erased_at = {clock.Now},
              username = {"erased " + userId}, username_key = {"erased " + userId},
              email = {"erased " + userId}, email_key = {"erased " + userId}, password_hash = '', instructions = null
            where id = {userId}
            """);
        batch.Execute($"update chats set deleted_at = {clock.Now} where user_id = {userId} and deleted_at is null");
        BudgetStore.Forget(batch, userId, clock.NewId(), clock.Now);
        IdentityStore.Forget(batch, userId, clock.Now);
        var ended = revocations.Add(batch, $"s.user_id = {userId}");
        var endedKeys = revocations.AddKeys(batch, $"s.user_id = {userId}");
        await db.WriteAsync(batch);
        revocations.Apply(ended);
        revocations.Apply(endedKeys);
    }

    /// <summary>Users whose account is erased and whose rows are not yet removed.</summary>
    public Task<IReadOnlyList<string>> ListErasedAsync(CancellationToken ct) =>
        db.ListAsync($"select id from users where erased_at is not null", row => row.GetString(0), ct);

    /// <summary>
    /// Removes the rows of an erased account, a thousand in a batch: a big account must not hold the writer.
    /// </summary>
    public async Task RemoveAsync(string userId)
    {
        // Before the row that says that the account is erased is gone: what a crash cuts off here begins again.
        erased.Append(userId, clock.Now);
        await MoveUsageAsync(userId);
        var owned = Owned.Select(x => (x.Table, User: (Sql)$"user_id", x.Key, x.Rows));
        foreach (var (table, user, key, rows) in OfHosts().Concat(owned))
            while (await RemoveSomeAsync(table, user, key, rows, userId) >= rows)
                await Task.Yield();
        await MoveUsageAsync(userId); // a run that was still going may have called its model again
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        Outbox.Forget(batch, userId); // what a run that was still going has told of its end
        // The epoch file counts these events as committed, and they were, though their rows are removed.
        batch.Execute($"""
            update counters set value = value + coalesce((select seq from heads where user_id = {userId}), 0)
            where name = 'erased_events'
            """);
        batch.Execute($"delete from events where user_id = {userId}");
        batch.Execute($"delete from heads where user_id = {userId}");
        batch.Execute($"delete from users where id = {userId} and erased_at is not null");
        await db.WriteAsync(batch);
    }

    // The installation's sums stay: calls become sums without an account, before the replies go that lost ones are
    // estimated by.
    async Task MoveUsageAsync(string userId)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        LostCalls.Settle(batch, userId, $"1 = 1");
        await db.WriteAsync(batch);
        while (await usage.ForgetAsync(userId, BatchRows))
            await Task.Yield();
    }

    /// <summary>The tables that an erasure empties.</summary>
    public static IReadOnlyList<string> Tables => [.. Owned.Select(x => x.Table.Text), "calls", "heads", "users"];

    // In an order that satisfies the foreign keys. Parts come after their uploads, and documents after the mark of the
    // index, when none can be added any more.
    static readonly IReadOnlyList<(Sql Table, Sql Key, int Rows)> Owned =
    [
        ($"search_marks", $"user_id", BatchRows), ($"search_documents", $"id", BatchDocuments),
        ($"import_skips", $"import_id, item", BatchRows), ($"imports", $"id", BatchRows),
        ($"shares", $"id", BatchRows), ($"chat_jobs", $"id", BatchRows), ($"events", $"seq", BatchRows),
        ($"pushes", $"message_id, device_id", BatchRows), ($"devices", $"id", BatchRows),
        ($"message_media", $"message_id", BatchRows), ($"message_parts", $"message_id, idx, chunk", BatchRows),
        ($"tool_calls", $"reply_id, step, idx", BatchRows),
        ($"messages", $"id", BatchRows),
        ($"chats", $"id", BatchRows), ($"media_forms", $"media_id, kind", BatchRows), ($"media", $"id", BatchRows),
        ($"uploads", $"id", BatchRows),
        ($"upload_pieces", $"upload_id, start", BatchParts), ($"sessions", $"id", BatchRows),
        ($"api_keys", $"id", BatchRows), ($"mails", $"id", BatchRows), ($"mail_codes", $"hash", BatchRows),
        ($"identities", $"issuer, subject", BatchRows), ($"login_codes", $"hash", BatchRows),
        ($"budgets", $"user_id", BatchRows), ($"repeated_calls", $"route, key", BatchParts),
    ];

    // The last first: a table comes after those that it refers to.
    IEnumerable<(Sql Table, Sql User, Sql Key, int Rows)> OfHosts() =>
        from host in hosts
        from table in host.Tables.Reverse()
        where table.User is not null
        select (Sql.Names(table.Name), Sql.Names(table.User!), Sql.Names(table.Key),
            table.Columns.Any(x => x.Type is "blob" or "bytea") ? BatchParts : BatchRows);

    async Task<int> RemoveSomeAsync(Sql table, Sql user, Sql key, int rows, string userId)
    {
        var batch = new WriteBatch();
        var removed = batch.Execute($"""
            delete from {table} where {user} = {userId} and ({key}) in (
              select {key} from {table} where {user} = {userId} limit {(long)rows})
            """);
        await db.WriteAsync(batch);
        return removed.Changed;
    }
}
