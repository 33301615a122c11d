using Cote.Primitives;

namespace Cote.Users;

/// <summary>All SQL of the tickets for sockets. A ticket lets in whoever has made it, and nothing more.</summary>
sealed class TicketStore(Database db, SessionStore sessions, ApiKeyStore keys)
{
    public async Task AddAsync(string ticket, CurrentUser user, Timestamp expires, Timestamp now)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from tickets where expires_at <= {now}");
        batch.Execute($"""
            insert into tickets (hash, session_id, key_id, expires_at)
            values ({SecureTokens.Hash(ticket)}, {user.SessionId}, {user.Key?.Id}, {expires})
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>
    /// Spends a ticket: the second use of the same one finds nothing. What it opens lives no longer than its session
    /// or key.
    /// </summary>
    public async Task<CurrentUser?> RedeemAsync(string ticket, Timestamp now)
    {
        var batch = new WriteBatch();
        var taken = batch.Query(
            $"""
            delete from tickets where hash = {SecureTokens.Hash(ticket)} and expires_at > {now}
            returning session_id, key_id
            """,
            row => (Session: row.GetStringOrNull(0), Key: row.GetStringOrNull(1)));
        await db.WriteAsync(batch);
        if (taken.First.Key is { } key)
            return await keys.FindAsync(key, null, now, CancellationToken.None);
        return taken.First.Session is { } id
            && await sessions.FindAsync(id, now, CancellationToken.None) is { } session
            ? new CurrentUser(session.UserId, session.Id, session.ExpiresAt) : null;
    }
}
