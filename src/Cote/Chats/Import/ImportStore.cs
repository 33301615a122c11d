using Cote.Cluster;

namespace Cote.Chats;

/// <summary>How long a node may own an import without renewing its lease.</summary>
/// <param name="Length">A minute; tests take less.</param>
sealed record ImportLease(TimeSpan Length)
{
    public static readonly ImportLease Default = new(TimeSpan.FromSeconds(60));
}

/// <summary>
/// All SQL of imports: whose turn it is, how far each has come, and what it left out. The rows of their chats are
/// written by <see cref="ImportedChatStore"/>.
/// </summary>
sealed class ImportStore(Database db, Node node, ImportLease lease, Clock clock)
{
    static readonly Sql All = $"""
        i.user_id, i.id, i.state, i.file_id, i.is_again, i.created_at, i.next_item, i.attempts, i.chats, i.messages,
        i.error_code, i.error_detail
        """;

    /// <summary>How often a lease is renewed.</summary>
    public TimeSpan RenewEvery => lease.Length / 4;

    Sql Until => $"{db.Dialect.Now} + {(long)lease.Length.TotalMilliseconds}";

    /// <summary>
    /// Adds an import, which waits where its file is stored and runs on this node where the request has it. False where
    /// the user has as many as may be unfinished at a time.
    /// </summary>
    public async Task<bool> AddAsync(string userId, string id, string? fileId, bool isAgain, long most)
    {
        var isStored = fileId is not null;
        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {userId}");
        var added = batch.Execute($"""
            insert into imports (user_id, id, state, file_id, is_again, created_at, owner, lease_until)
            select u.id, {id}, {(isStored ? ImportStates.Queued : ImportStates.Running)}, {fileId}, {isAgain}, {clock.Now},
              {(isStored ? "" : node.Id)}, {Until}
            from users u where u.id = {userId} and u.erased_at is null and (
              select count(*) from imports i where i.user_id = {userId} and i.state in ('queued', 'running')) < {most}
            """);
        await db.WriteAsync(batch);
        return added.Changed == 1;
    }

    public Task<Import?> FindAsync(string userId, string id, CancellationToken ct) => db.FirstAsync(
        $"select {All} from imports i where i.user_id = {userId} and i.id = {id}", Read, ct);

    public Task<IReadOnlyList<SkippedItem>> ListSkippedAsync(string userId, string id, CancellationToken ct) =>
        db.ListAsync($"select item, reason from import_skips where user_id = {userId} and import_id = {id} order by item",
        row => new SkippedItem(row.GetInt64(0), row.GetString(1)), ct);

    /// <summary>The stored files of a user's imports: erasing the account deletes them.</summary>
    public Task<IReadOnlyList<string>> ListFilesAsync(string userId, CancellationToken ct) => db.ListAsync(
        $"select file_id from imports where user_id = {userId} and file_id is not null", row => row.GetString(0), ct);

    /// <summary>
    /// Takes the import that has waited longest, or whose node is gone, for this node. Null where there is none. One
    /// loop of a node runs one at a time: what it owns already was cut off by a fault, and goes on.
    /// </summary>
    public async Task<Import?> ClaimAsync(CancellationToken ct)
    {
        var next = await db.FirstAsync(
            $"""
            select i.user_id, i.id from imports i where {IsClaimable} and i.file_id is not null
            order by i.created_at, i.id limit 1
            """, row => new string[] { row.GetString(0), row.GetString(1) }, ct);
        if (next is not [var userId, var id])
            return null;
        var batch = new WriteBatch();
        batch.Lock($"select 1 from imports where user_id = {userId} and id = {id}");
        var claimed = batch.Execute($"""
            update imports set state = 'running', owner = {node.Id}, lease_until = {Until}, attempts = attempts + 1
            where user_id = {userId} and id = {id} and exists (
              select 1 from imports i where i.user_id = {userId} and i.id = {id} and {IsClaimable})
            """);
        var import = batch.Query($"select {All} from imports i where i.user_id = {userId} and i.id = {id}", Read);
        await db.WriteAsync(batch);
        return claimed.Changed == 1 ? import.First : null;
    }

    /// <summary>Makes leases of earlier processes void, where no second process can exist.</summary>
    public Task VoidAllAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"update imports set owner = '' where state = 'running' and owner <> {node.Id}");
        return db.WriteAsync(batch);
    }

    public Task RenewAsync(Import import)
    {
        var batch = new WriteBatch();
        batch.Execute($"update imports set lease_until = {Until} where {Fence(import)}");
        return db.WriteAsync(batch);
    }

    /// <summary>Gives an import back, for the next claim on any node. This does not count as an attempt.</summary>
    public Task HandOverAsync(Import import)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update imports set state = 'queued', owner = '', attempts = attempts - 1 where {Fence(import)}
            """);
        return db.WriteAsync(batch);
    }

    /// <summary>Ends an import; its stored file is not needed any more.</summary>
    public async Task EndAsync(Import import, Problem? problem)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update imports set state = {(problem is null ? ImportStates.Done : ImportStates.Failed)}, file_id = null,
              error_code = {problem?.Code}, error_detail = {problem?.Sentence}
            where {Fence(import)}
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>Deletes an import whose report was answered.</summary>
    public Task DeleteAsync(Import import)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from imports where user_id = {import.UserId} and id = {import.Id}");
        return db.WriteAsync(batch);
    }

    /// <summary>
    /// Deletes imports that ended before a time, and those whose request is gone with its node: nothing can go on with
    /// them.
    /// </summary>
    public Task ForgetAsync(Timestamp before)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from imports where created_at < {before} and state in ('done', 'failed')");
        batch.Execute($"""
            delete from imports where (user_id, id) in (
              select i.user_id, i.id from imports i where {IsClaimable} and i.owner <> {node.Id} and i.file_id is null)
            """);
        return db.WriteAsync(batch);
    }

    /// <summary>Adds what was left out up to an item, and that the import goes on after it.</summary>
    public static void Note(
        WriteBatch batch, Sql fence, Import import, long nextItem, IEnumerable<SkippedItem> skipped, long chats = 0,
        long messages = 0)
    {
        foreach (var (item, reason) in skipped)
            batch.Execute($"""
                insert into import_skips (user_id, import_id, item, reason)
                select {import.UserId}, {import.Id}, {item}, {reason} where {fence}
                """);
        batch.Execute($"""
            update imports set next_item = {nextItem}, chats = chats + {chats}, messages = messages + {messages}
            where user_id = {import.UserId} and id = {import.Id} and {fence}
            """);
    }

    /// <summary>The same where no chat was written; false where the import is not this node's any more.</summary>
    public async Task<bool> NoteAsync(Import import, long nextItem, IEnumerable<SkippedItem> skipped)
    {
        var batch = new WriteBatch();
        Lock(batch, import);
        var held = batch.Query($"select 1 where {IsHeld(import)}", _ => true);
        Note(batch, IsHeld(import), import, nextItem, skipped);
        await db.WriteAsync(batch);
        return held.First;
    }

    /// <summary>Waits for a claim of another node that is being committed: the fence then sees it.</summary>
    public static void Lock(WriteBatch batch, Import import) =>
        batch.Lock($"select 1 from imports where user_id = {import.UserId} and id = {import.Id}");

    /// <summary>The fence, as a condition of any statement: this node runs the import.</summary>
    public Sql IsHeld(Import import) => $"""
        exists (select 1 from imports f where f.user_id = {import.UserId} and f.id = {import.Id}
          and f.state = 'running' and f.owner = {node.Id})
        """;

    Sql Fence(Import import) =>
        $"user_id = {import.UserId} and id = {import.Id} and state = 'running' and owner = {node.Id}";

    // Just after the database has come back, a lapsed lease says nothing of its owner.
    Sql IsClaimable => $"""
        i.state in ('queued', 'running') and (i.state = 'queued' or i.owner = '' or i.owner = {node.Id}
          or i.lease_until < {db.Dialect.Now} and {db.Engine.AvailableFor >= lease.Length} = 1)
        """;

    static Import Read(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3), row.GetInt64(4) != 0,
        new(row.GetInt64(5)), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9),
        row.GetStringOrNull(10) is { } code ? new(code, row.GetStringOrNull(11) ?? "") : null);
}
