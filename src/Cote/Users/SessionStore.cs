using System.Security.Cryptography;
using System.Text;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>A login: its device, its last address, and until when it can be refreshed.</summary>
/// <param name="Issuer">The name of the issuer that it came about by; null where it was a password.</param>
/// <param name="TokenUntil">Of one that holds an issuer's own access tokens: until when the last of them works.</param>
sealed record Session(
    string Id, string UserId, string Device, string Ip, Timestamp CreatedAt, Timestamp LastSeenAt, Timestamp ExpiresAt,
    string? Issuer = null, Timestamp? TokenUntil = null);

/// <summary>
/// What came of a refresh token: its session with the next token, or, where an old one was used again, the session
/// that is no longer safe.
/// </summary>
readonly record struct Refreshed(Session? Session, string Token, Session? Reused);

/// <summary>All SQL of sessions and of their refresh tokens.</summary>
sealed class SessionStore(Database db, SigningKeys keys)
{
    const long RetryMilliseconds = 10_000;

    static readonly Sql All = $"""
        s.id, s.user_id, s.device, s.ip, s.created_at, s.last_seen_at, s.expires_at, s.issuer, s.token_until
        """;

    readonly LastUses _uses = new(
        db, (id, at) => (Sql)$"update sessions set last_seen_at = {at} where id = {id} and last_seen_at < {at}");
    readonly Lazy<IReadOnlyList<byte[]>> _successorKeys = new(() => keys.Derived.For("refresh tokens"));

    /// <summary>
    /// Adds a session to a batch. It changes nothing where its user may not log in by now, or <paramref name="guard"/>
    /// (a condition on <c>u</c>) does not hold.
    /// </summary>
    /// <param name="batch">What it is added to.</param>
    /// <param name="session">The session.</param>
    /// <param name="refreshToken">Its first one.</param>
    /// <param name="guard">What else it depends on.</param>
    /// <param name="tokenKey">Where it holds an issuer's own tokens: their key.</param>
    /// <param name="originKey">Where an issuer's id token was exchanged for it: the key of that.</param>
    /// <param name="issuedAt">When the issuer's token was issued.</param>
    public static Statement Add(
        WriteBatch batch, Session session, string refreshToken, Sql guard, string? tokenKey = null,
        string? originKey = null, Timestamp? issuedAt = null)
    {
        // Whoever disables or erases the user, or sets a password, has the row.
        batch.Lock($"select 1 from users where id = {session.UserId}");
        // Whoever ends a session of the key has its row: what is written with that must be seen.
        if (tokenKey is not null)
            batch.Lock($"select 1 from sessions where token_key = {tokenKey} and revoked_at is null");
        return batch.Execute($"""
            insert into sessions (id, user_id, refresh_hash, device, ip, created_at, last_seen_at, expires_at, issuer,
              token_key, origin_key, token_until, token_iat)
            select {session.Id}, u.id, {SecureTokens.Hash(refreshToken)}, {session.Device}, {session.Ip},
              {session.CreatedAt}, {session.LastSeenAt}, {session.ExpiresAt}, {session.Issuer},
              {tokenKey}, {originKey}, {session.TokenUntil}, {issuedAt}
            from users u
            where u.id = {session.UserId} and u.disabled_at is null and u.erased_at is null and {guard}
            """);
    }

    /// <summary>The session, if it still lives and its user may log in.</summary>
    public Task<Session?> FindAsync(string id, Timestamp now, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select {All} from sessions s join users u on u.id = s.user_id and u.disabled_at is null
            where s.id = {id} and {Lives(now)}
            """, Read, ct);

    /// <summary>The user's sessions, newest login first, with the last use that this node knows of.</summary>
    public Task<IReadOnlyList<Session>> ListAsync(string userId, Timestamp now, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select {All} from sessions s where s.user_id = {userId} and {Lives(now)} order by s.created_at desc, s.id
            """,
            row => WithLastUse(Read(row)), ct);

    /// <summary>Whether the user has logged in or refreshed from this address before, be the session ended.</summary>
    public Task<bool> HasSessionFromAsync(string userId, string ip, CancellationToken ct) =>
        db.FirstAsync($"select 1 from sessions s where s.user_id = {userId} and s.ip = {ip} limit 1", _ => true, ct);

    /// <summary>
    /// Spends a refresh token. The next one is made from it, so the same token used again gives the same next token
    /// while that is unused: within ten seconds by the database's clock from anywhere, since an answer may be lost on
    /// the way to another network, and later from the address of its first use, where another tab of the same app may
    /// hold it. Every other use of a spent token means that two hold the session: RFC 9700 4.14.2.
    /// </summary>
    public async Task<Refreshed> RotateAsync(string refreshToken, string ip, Timestamp now)
    {
        // One for each accepted signing key, the present one first: a token that was spent before the key changed has
        // its successor under the key before.
        var candidates = _successorKeys.Value
            .Select(key => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(refreshToken)))
            .Select(x => Convert.ToHexStringLower(x)).ToList();
        var hashes = candidates.ConvertAll(SecureTokens.Hash);
        var (spent, fresh, before) = (SecureTokens.Hash(refreshToken), hashes[0], hashes[^1]);
        Sql inTime = $"(ip = {ip} or rotated_at > {db.Dialect.Now} - {RetryMilliseconds})";
        var batch = new WriteBatch();
        batch.Execute($"""
            update sessions set refresh_hash = {fresh}, parent_hash = {spent}, rotated_at = {db.Dialect.Now},
              last_seen_at = {now}, ip = {ip}
            where refresh_hash = {spent} and revoked_at is null and expires_at > {now}
            """);
        batch.Execute($"""
            insert into spent_tokens (hash, session_id)
            select {spent}, s.id from sessions s where s.parent_hash = {spent} and s.refresh_hash = {fresh}
              and not exists (select 1 from spent_tokens t where t.hash = {spent})
            """);
        // A successor under a key that is gone (signing.key was lost) cannot be derived again, so a new one replaces
        // it.
        batch.Execute($"""
            update sessions set refresh_hash = {fresh}
            where id = (select t.session_id from spent_tokens t where t.hash = {spent}) and parent_hash = {spent}
              and refresh_hash not in ({fresh}, {before}) and revoked_at is null and expires_at > {now} and {inTime}
            """);
        var session = batch.Query(
            $"""
            select {All}, s.refresh_hash from sessions s join users u on u.id = s.user_id and u.disabled_at is null
            where s.refresh_hash in ({fresh}, {before}) and s.parent_hash = {spent} and {Lives(now)} and {inTime}
            """, row => (Session: Read(row), Hash: row.GetString(9)));
        var reused = batch.Query(
            $"""
            select {All} from spent_tokens t join sessions s on s.id = t.session_id
            where t.hash = {spent} and {Lives(now)}
            """, Read);
        await db.WriteAsync(batch);
        return session.First is { Session: { } found } first
            ? new(found, candidates[hashes.IndexOf(first.Hash)], null)
            : new(null, "", reused.First);
    }

    /// <summary>Remembers that a session was used; <see cref="WriteSeenAsync"/> writes it.</summary>
    public void MarkSeen(string id, Timestamp at) => _uses.Mark(id, at);

    /// <summary>Writes when sessions were used last. What could not be written is kept for the next time.</summary>
    public Task WriteSeenAsync(CancellationToken ct) => _uses.WriteAsync(ct);

    /// <summary>Removes sessions that ended long ago, and revocations whose access tokens have expired.</summary>
    public async Task PurgeAsync(Timestamp now, int most)
    {
        var batch = new WriteBatch();
        // Each by its own index, whatever the planner believes of how many there are.
        batch.Execute($"""
            delete from sessions where id in (
              select s.id from sessions s where s.expires_at < {now} order by s.expires_at limit {(long)most})
            """);
        batch.Execute($"""
            delete from sessions where id in (
              select s.id from sessions s where s.revoked_at < {now - TimeSpan.FromDays(30)}
              order by s.revoked_at limit {(long)most})
            """);
        batch.Execute($"delete from revocations where until < {now}");
        await db.WriteAsync(batch);
    }

    static Sql Lives(Timestamp now) => $"s.revoked_at is null and s.expires_at > {now}";

    Session WithLastUse(Session session) =>
        _uses.Find(session.Id) is { } at && at > session.LastSeenAt
            ? session with { LastSeenAt = at }
            : session;

    static Session Read(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3),
        new(row.GetInt64(4)), new(row.GetInt64(5)), new(row.GetInt64(6)), row.GetStringOrNull(7),
        row.GetInt64OrNull(8) is { } until ? new Timestamp(until) : null);
}
