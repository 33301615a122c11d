using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Cote.Data;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>A login: on what, from where, and until when it can be refreshed.</summary>
sealed record Session(
    string Id, string UserId, string Device, string Ip, Timestamp CreatedAt, Timestamp LastSeenAt, Timestamp ExpiresAt);

/// <summary>What came of a refresh token: its session, or, where an old one was shown again, the session that it betrays.</summary>
readonly record struct Refreshed(Session? Session, string Token, Session? Betrayed);

/// <summary>All SQL of sessions, of their refresh tokens, and of the tickets for sockets.</summary>
sealed class SessionStore(Database db, SigningKeys keys)
{
    const long RetryMilliseconds = 10_000;

    static readonly Sql All = $"s.id, s.user_id, s.device, s.ip, s.created_at, s.last_seen_at, s.expires_at";

    readonly ConcurrentDictionary<string, Timestamp> _seen = [];
    readonly Lazy<byte[]> _successors = new(() => keys.Derived.For("refresh tokens")[0]);

    /// <summary>Adds a session to a unit.</summary>
    public static void Add(WriteBatch batch, Session session, string refreshToken) => batch.Execute($"""
        insert into sessions (id, user_id, refresh_hash, device, ip, created_at, last_seen_at, expires_at)
        values ({session.Id}, {session.UserId}, {SecureTokens.Hash(refreshToken)}, {session.Device}, {session.Ip},
          {session.CreatedAt}, {session.LastSeenAt}, {session.ExpiresAt})
        """);

    /// <summary>The session, if it still lives and its user may log in.</summary>
    public Task<Session?> FindAsync(string id, Timestamp now, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select {All} from sessions s join users u on u.id = s.user_id and u.disabled_at is null
            where s.id = {id} and {Lives(now)}
            """, Read, ct);

    public Task<IReadOnlyList<Session>> ListAsync(string userId, Timestamp now, CancellationToken ct) =>
        db.ListAsync($"select {All} from sessions s where s.user_id = {userId} and {Lives(now)} order by s.created_at desc, s.id", Read, ct);

    /// <summary>
    /// Spends a refresh token. The next one is made from it, so the same token shown again gives the same answer: for ten
    /// seconds by the database's clock, and only while the next one is unused. Any older one betrays its session.
    /// </summary>
    public async Task<Refreshed> RotateAsync(string refreshToken, string ip, Timestamp now)
    {
        var next = Convert.ToHexStringLower(HMACSHA256.HashData(_successors.Value, Encoding.UTF8.GetBytes(refreshToken)));
        var (spent, fresh) = (SecureTokens.Hash(refreshToken), SecureTokens.Hash(next));
        var batch = new WriteBatch();
        batch.Execute($"""
            update sessions set refresh_hash = {fresh}, parent_hash = {spent}, rotated_at = {db.Dialect.Now}, last_seen_at = {now}, ip = {ip}
            where refresh_hash = {spent} and revoked_at is null and expires_at > {now}
            """);
        batch.Execute($"""
            insert into spent_tokens (hash, session_id)
            select {spent}, s.id from sessions s where s.parent_hash = {spent} and s.refresh_hash = {fresh}
              and not exists (select 1 from spent_tokens t where t.hash = {spent})
            """);
        var session = batch.Query(
            $"""
            select {All} from sessions s join users u on u.id = s.user_id and u.disabled_at is null
            where s.refresh_hash = {fresh} and s.parent_hash = {spent} and {Lives(now)}
              and s.rotated_at > {db.Dialect.Now} - {RetryMilliseconds}
            """, Read);
        var betrayed = batch.Query(
            $"select {All} from spent_tokens t join sessions s on s.id = t.session_id where t.hash = {spent} and {Lives(now)}", Read);
        await db.WriteAsync(batch);
        return new(session.First, next, session.First is null ? betrayed.First : null);
    }

    public async Task AddTicketAsync(string ticket, string sessionId, Timestamp expires, Timestamp now)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from tickets where expires_at <= {now}");
        batch.Execute($"insert into tickets (hash, session_id, expires_at) values ({SecureTokens.Hash(ticket)}, {sessionId}, {expires})");
        await db.WriteAsync(batch);
    }

    /// <summary>Spends a ticket: the second use of the same one finds nothing.</summary>
    public async Task<Session?> RedeemTicketAsync(string ticket, Timestamp now)
    {
        var batch = new WriteBatch();
        var taken = batch.Query(
            $"delete from tickets where hash = {SecureTokens.Hash(ticket)} and expires_at > {now} returning session_id",
            row => row.GetString(0));
        await db.WriteAsync(batch);
        return taken.First is { } id ? await FindAsync(id, now, CancellationToken.None) : null;
    }

    /// <summary>A session was used. It is written down later, with all others.</summary>
    public void MarkSeen(string id, Timestamp at) => _seen[id] = at;

    /// <summary>Writes down when sessions were used last, in one unit.</summary>
    public async Task WriteSeenAsync()
    {
        var batch = new WriteBatch();
        // In one order on every node: two that write the same rows must not wait for each other.
        foreach (var (id, at) in _seen.OrderBy(x => x.Key, StringComparer.Ordinal))
        {
            _seen.TryRemove(id, out _);
            batch.Execute($"update sessions set last_seen_at = {at} where id = {id} and last_seen_at < {at}");
        }
        if (batch.Statements.Count > 0)
            await db.WriteAsync(batch);
    }

    /// <summary>Removes what can be of no use any more: sessions that have ended, revocations whose tokens have expired.</summary>
    public async Task PurgeAsync(Timestamp now, int most)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            delete from sessions where id in (
              select s.id from sessions s where s.expires_at < {now} or s.revoked_at < {now - TimeSpan.FromDays(30)} limit {(long)most})
            """);
        batch.Execute($"delete from revocations where until < {now}");
        await db.WriteAsync(batch);
    }

    static Sql Lives(Timestamp now) => $"s.revoked_at is null and s.expires_at > {now}";

    static Session Read(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), new(row.GetInt64(4)), new(row.GetInt64(5)), new(row.GetInt64(6)));
}
