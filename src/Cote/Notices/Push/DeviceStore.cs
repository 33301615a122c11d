using Cote.Primitives;

namespace Cote.Notices;

/// <summary>All SQL of devices.</summary>
sealed class DeviceStore(Database db, PushOutbox outbox)
{
    const int Tries = 3;

    static readonly Sql Columns = $"d.id, d.kind, d.preview, d.created_at, d.session_id";

    /// <summary>
    /// Registers a device: the user's own with this token is changed, and that of another user goes. Null where the
    /// user has as many as may be, or the session has ended.
    /// </summary>
    public async Task<Device?> AddAsync(CurrentUser user, Device device, DeviceAddress address)
    {
        var hash = SecureTokens.Hash($"{address.Kind} {address.Token}");
        outbox.ExpectDevice();
        for (var i = 0; i < Tries; i++)
        {
            var batch = new WriteBatch();
            batch.Lock($"select 1 from heads where user_id = {user.Id}"); // two at once must not both be the last
            batch.Lock($"select 1 from sessions where id = {device.SessionId}"); // whoever ends it removes its devices
            batch.Execute($"delete from devices where hash = {hash} and user_id <> {user.Id}");
            batch.Execute($"""
                insert into devices (id, user_id, session_id, kind, hash, token, p256dh, auth, preview, created_at)
                select {device.Id}, u.id, s.id, {address.Kind}, {hash}, {address.Token}, {address.P256dh},
                  {address.Auth}, {device.Preview}, {device.CreatedAt}
                from users u join sessions s on s.user_id = u.id and s.id = {device.SessionId} and s.revoked_at is null
                where u.id = {user.Id} and u.disabled_at is null and u.erased_at is null and (
                  exists (select 1 from devices d where d.hash = {hash} and d.user_id = u.id)
                  or (select count(*) from devices d where d.user_id = u.id) < {Device.Most})
                on conflict (hash) do update set session_id = excluded.session_id, p256dh = excluded.p256dh,
                  auth = excluded.auth, preview = excluded.preview
                where devices.user_id = excluded.user_id
                """);
            var kept = batch.Query(
                $"select {Columns} from devices d where d.hash = {hash} and d.user_id = {user.Id}",
                row => Read(row, device.SessionId));
            if (await db.WriteAsync(batch) == Outcome.Committed && kept.First is { } found)
                return found;
            // Another user has taken the token in the same moment: this is the later one.
            if (await CountAsync(user.Id, CancellationToken.None) >= Device.Most)
                return null;
        }
        return null;
    }

    /// <summary>How many devices the user has.</summary>
    public Task<long> CountAsync(string userId, CancellationToken ct) => db.FirstAsync(
        $"select count(*) from devices where user_id = {userId}", row => row.GetInt64(0), ct);

    /// <summary>The user's devices, the newest first.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="sessionId">The session that asks, or null.</param>
    /// <param name="ct">Cancels the read.</param>
    public Task<IReadOnlyList<Device>> ListAsync(
        string userId, string? sessionId, CancellationToken ct) => db.ListAsync(
        $"""
        select {Columns} from devices d where d.user_id = {userId} order by d.created_at desc, d.id desc
        """, row => Read(row, sessionId), ct);

    /// <summary>
    /// Removes a device of the user; false where there is none. <paramref name="also"/> adds to the batch before, and
    /// is given the condition that there is one.
    /// </summary>
    public async Task<bool> RemoveAsync(string userId, string id, Action<WriteBatch, Sql>? also = null)
    {
        Sql which = $"select 1 from devices where user_id = {userId} and id = {id}";
        var batch = new WriteBatch();
        batch.Lock(which); // of two at once one removes it, and tells of it
        also?.Invoke(batch, $"exists ({which})");
        var removed = batch.Execute($"delete from devices where user_id = {userId} and id = {id}");
        await db.WriteAsync(batch);
        return removed.Changed > 0;
    }

    /// <summary>Removes a device whose service says that it is gone, unless it was registered anew meanwhile.</summary>
    public async Task RemoveGoneAsync(string id, DeviceAddress address)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            delete from devices where id = {id} and token = {address.Token}
              and coalesce(auth, '') = {address.Auth ?? ""}
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>Adds to a batch what removes the devices of sessions.</summary>
    /// <param name="batch">What it is added to.</param>
    /// <param name="sessions">Selects the ids of the sessions.</param>
    public static void RemoveOf(WriteBatch batch, Sql sessions) =>
        batch.Execute($"delete from devices where session_id in ({sessions})");

    static Device Read(Row row, string? sessionId) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), new(row.GetInt64(3)), row.GetString(4),
        row.GetString(4) == sessionId);
}
