using Cote.Data;
using Cote.Primitives;
using Cote.Users;

namespace Cote.Admin;

/// <summary>The SQL that walks over all rooms: what belongs to a user, to be removed. A test holds it to every table.</summary>
sealed class AccountStore(Database db, Revocations revocations, Audit audit, Clock clock)
{
    const int UnitRows = 1_000;
    const int UnitPieces = 16; // up to 1 MiB each

    /// <summary>
    /// The account is gone from this moment: nobody can log in to it, its sessions have ended, its name is free. What
    /// is left of it goes in <see cref="RemoveAsync"/>; a start that finds some goes on with it.
    /// </summary>
    public async Task EraseAsync(string userId, string actor, string ip)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update users set erased_at = {clock.Now}, username = {"erased " + userId}, username_key = {"erased " + userId},
              email = {"erased " + userId}, email_key = {"erased " + userId}, password_hash = ''
            where id = {userId}
            """);
        batch.Execute($"update chats set deleted_at = {clock.Now} where user_id = {userId} and deleted_at is null");
        var ended = revocations.Add(batch, $"s.user_id = {userId}");
        audit.Add(batch, AuditActions.AccountErased, userId, actor, ip);
        await db.WriteAsync(batch);
        revocations.Apply(ended);
    }

    /// <summary>Users whose account is gone and of whom something is left.</summary>
    public Task<IReadOnlyList<string>> ListErasedAsync(CancellationToken ct) =>
        db.ListAsync($"select id from users where erased_at is not null", row => row.GetString(0), ct);

    /// <summary>Removes the rows of an erased account, a thousand in a unit: a big one must not hold the writer.</summary>
    public async Task RemoveAsync(string userId)
    {
        foreach (var (table, key, rows) in Owned)
            while (await RemoveSomeAsync(table, key, rows, userId) >= rows)
                await Task.Yield();
        var batch = new WriteBatch();
        // What the log's file knows as committed was committed, though the rows are gone.
        batch.Execute($"update counters set value = value + coalesce((select seq from heads where user_id = {userId}), 0) where name = 'erased_events'");
        batch.Execute($"delete from heads where user_id = {userId}");
        batch.Execute($"delete from users where id = {userId} and erased_at is not null");
        await db.WriteAsync(batch);
    }

    // In an order that no foreign key minds; pieces go after their uploads, when nothing can be added to them any more.
    static readonly IReadOnlyList<(Sql Table, Sql Key, int Rows)> Owned =
    [
        ($"events", $"seq", UnitRows), ($"message_media", $"message_id", UnitRows), ($"messages", $"id", UnitRows),
        ($"chats", $"id", UnitRows), ($"media", $"id", UnitRows), ($"uploads", $"id", UnitRows),
        ($"upload_pieces", $"upload_id, start", UnitPieces), ($"sessions", $"id", UnitRows),
    ];

    async Task<int> RemoveSomeAsync(Sql table, Sql key, int rows, string userId)
    {
        var batch = new WriteBatch();
        var removed = batch.Execute($"""
            delete from {table} where user_id = {userId} and ({key}) in (
              select {key} from {table} where user_id = {userId} limit {(long)rows})
            """);
        await db.WriteAsync(batch);
        return removed.Changed;
    }
}
