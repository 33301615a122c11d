using Cote.Events;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>All SQL of API keys. <see cref="Revocations"/> ends them, as it ends sessions.</summary>
sealed class ApiKeyStore(Database db)
{
    static readonly TimeSpan RememberedFor = TimeSpan.FromDays(1);
    static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);
    static readonly Timestamp Never = Timestamp.From(DateTimeOffset.MaxValue);

    readonly LastUses _uses = new(db, (id, at) => (Sql)$"""
        update api_keys set last_used_at = {at} where id = {id} and coalesce(last_used_at, 0) < {at}
        """);

    /// <summary>
    /// Stores a key; false where the user has as many as may be, or is gone. <paramref name="also"/> adds to the batch,
    /// and is given the condition that it is stored.
    /// </summary>
    public async Task<bool> AddAsync(string userId, ApiKey key, string hash, Action<WriteBatch, Sql> also)
    {
        var (batch, now) = (new WriteBatch(), key.CreatedAt);
        EventTransaction.LockHead(batch, userId); // two at once must not both be the last
        var added = batch.Execute($"""
            insert into api_keys (id, user_id, hash, name, scopes, created_at, expires_at)
            select {key.Id}, u.id, {hash}, {key.Name}, {string.Join(' ', key.Scopes)}, {now}, {key.ExpiresAt}
            from users u where u.id = {userId} and u.disabled_at is null and u.erased_at is null
              and (select count(*) from api_keys s where s.user_id = {userId} and {Lives(now)}) < {ApiKey.Most}
              and (select count(*) from api_keys s where s.user_id = {userId}
                and s.created_at > {now - RememberedFor}) < {ApiKey.MostADay}
            """);
        also(batch, $"exists (select 1 from api_keys where id = {key.Id})");
        await db.WriteAsync(batch);
        return added.Changed > 0;
    }

    /// <summary>How many keys of the user have not ended.</summary>
    public async Task<long> CountAsync(string userId, Timestamp now, CancellationToken ct) => await db.FirstAsync(
        $"select count(*) from api_keys s where s.user_id = {userId} and {Lives(now)}", row => row.GetInt64(0), ct);

    /// <summary>The user's keys that have not ended, newest first, with the last use that this node knows of.</summary>
    public Task<IReadOnlyList<ApiKey>> ListAsync(string userId, Timestamp now, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select s.id, s.name, s.scopes, s.created_at, s.last_used_at, s.expires_at, s.disabled_at
            from api_keys s where s.user_id = {userId} and {Lives(now)} order by s.created_at desc, s.id desc
            """,
            row => WithLastUse(new(row.GetString(0), row.GetString(1), row.GetString(2).Split(' '),
                new(row.GetInt64(3)), TimeOrNull(row, 4), TimeOrNull(row, 5), TimeOrNull(row, 6))), ct);

    /// <summary>
    /// Who the key lets in, if it works and its user may log in; with <paramref name="hash"/> only where that is its
    /// own. What only an admin's key may do goes with the role.
    /// </summary>
    public Task<CurrentUser?> FindAsync(string id, string? hash, Timestamp now, CancellationToken ct)
    {
        Sql which = hash is null ? $"s.id = {id}" : (Sql)$"s.id = {id} and s.hash = {hash}";
        return db.FirstAsync(
            $"""
            select s.user_id, s.scopes, s.expires_at, u.role from api_keys s
            join users u on u.id = s.user_id and u.disabled_at is null and u.erased_at is null
            where {which} and s.disabled_at is null and {Lives(now)}
            """,
            row => new CurrentUser(row.GetString(0), null, TimeOrNull(row, 2) ?? Never)
            {
                Key = new(id, [.. row.GetString(1).Split(' ')
                    .Where(x => x != KeyScopes.Metrics || row.GetString(3) == Roles.Admin)]),
            }, ct);
    }

    /// <summary>
    /// Lets a key of the user work again, or all of them; how many there are. <paramref name="also"/>
    /// adds to the batch before, and is given the condition that one is disabled.
    /// </summary>
    public async Task<int> EnableAsync(string userId, string? id, Timestamp now, Action<WriteBatch, Sql> also)
    {
        Sql which = id is null ? (Sql)$"s.disabled_at is not null" : $"s.id = {id}";
        which = $"select s.id from api_keys s where s.user_id = {userId} and {which} and {Lives(now)}";
        var batch = new WriteBatch();
        batch.Lock(which); // of two at once one enables it, and tells of it
        also(batch, $"exists ({which} and s.disabled_at is not null)");
        var enabled = batch.Execute($"update api_keys set disabled_at = null where id in ({which})");
        await db.WriteAsync(batch);
        return enabled.Changed;
    }

    /// <summary>Remembers that a key was used; <see cref="WriteUsedAsync"/> writes it.</summary>
    public void MarkUsed(string id, Timestamp at) => _uses.Mark(id, at);

    /// <summary>Writes when keys were used last. What could not be written is kept for the next time.</summary>
    public Task WriteUsedAsync(CancellationToken ct) => _uses.WriteAsync(ct);

    /// <summary>Removes keys that were revoked, or expired long ago.</summary>
    public async Task PurgeAsync(Timestamp now, int most)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            delete from api_keys where id in (
              select s.id from api_keys s where s.revoked_at < {now - RememberedFor}
              order by s.revoked_at limit {(long)most})
            """);
        batch.Execute($"""
            delete from api_keys where id in (
              select s.id from api_keys s where s.expires_at < {now - KeptFor} order by s.expires_at limit {(long)most})
            """);
        await db.WriteAsync(batch);
    }

    static Sql Lives(Timestamp now) => $"s.revoked_at is null and (s.expires_at is null or s.expires_at > {now})";

    static Timestamp? TimeOrNull(Row row, int column) => row.IsDBNull(column) ? null : new(row.GetInt64(column));

    ApiKey WithLastUse(ApiKey key) =>
        _uses.Find(key.Id) is { } at && !(key.LastUsedAt > at) ? key with { LastUsedAt = at } : key;
}
