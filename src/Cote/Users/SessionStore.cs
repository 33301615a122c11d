using Cote.Data;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>A login: from where, and until when it can be refreshed.</summary>
sealed record Session(string Id, string UserId, Timestamp ExpiresAt);

/// <summary>All SQL of sessions and of the tickets for sockets.</summary>
sealed class SessionStore(Database db)
{
    public async Task AddAsync(Session session, string refreshToken, string device, string ip, Timestamp now)
    {
        var unit = new Unit();
        unit.Do($"""
            insert into sessions (id, user_id, refresh_hash, device, ip, created_at, last_seen_at, expires_at)
            values ({session.Id}, {session.UserId}, {Secrets.Hash(refreshToken)}, {device}, {ip}, {now}, {now}, {session.ExpiresAt})
            """);
        await db.WriteAsync(unit);
    }

    /// <summary>The session, if it still lives.</summary>
    public Task<Session?> FindAsync(string id, Timestamp now, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select id, user_id, expires_at from sessions
            where id = {id} and revoked_at is null and expires_at > {now}
            """, Read, ct);

    /// <summary>Puts a new refresh token in the place of one that is spent by this; null where it was none.</summary>
    public async Task<Session?> RotateAsync(string refreshToken, string next, string ip, Timestamp now)
    {
        var unit = new Unit();
        unit.Do($"""
            update sessions set refresh_hash = {Secrets.Hash(next)}, last_seen_at = {now}, ip = {ip}
            where refresh_hash = {Secrets.Hash(refreshToken)} and revoked_at is null and expires_at > {now}
            """);
        var session = unit.Fetch($"select id, user_id, expires_at from sessions where refresh_hash = {Secrets.Hash(next)}", Read);
        await db.WriteAsync(unit);
        return session.First;
    }

    public async Task AddTicketAsync(string ticket, string sessionId, Timestamp expires, Timestamp now)
    {
        var unit = new Unit();
        unit.Do($"delete from tickets where expires_at <= {now}");
        unit.Do($"insert into tickets (hash, session_id, expires_at) values ({Secrets.Hash(ticket)}, {sessionId}, {expires})");
        await db.WriteAsync(unit);
    }

    /// <summary>Spends a ticket: the second use of the same one finds nothing.</summary>
    public async Task<Session?> TakeTicketAsync(string ticket, Timestamp now)
    {
        var unit = new Unit();
        var taken = unit.Fetch(
            $"delete from tickets where hash = {Secrets.Hash(ticket)} and expires_at > {now} returning session_id",
            row => row.GetString(0));
        await db.WriteAsync(unit);
        return taken.First is { } id ? await FindAsync(id, now, CancellationToken.None) : null;
    }

    static Session Read(System.Data.Common.DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), new(row.GetInt64(2)));
}
