using Cote.Primitives;

namespace Cote.Users;

/// <summary>What the rows say of a token of an issuer.</summary>
/// <param name="UserId">The account; null where the identity is new.</param>
/// <param name="IsDisabled">Whether it may not log in.</param>
/// <param name="ForgottenAt">When an account of this identity was erased.</param>
/// <param name="EndedAt">When a session of the token's key was ended.</param>
/// <param name="Session">The session of the key, which has not ended.</param>
/// <param name="LastIssuedAt">The last moment of issue that was seen in it.</param>
sealed record Standing(
    string? UserId, bool IsDisabled, Timestamp? ForgottenAt, Timestamp? EndedAt, Session? Session,
    Timestamp LastIssuedAt);

/// <summary>All SQL of identities, and of the sessions and keys of issuers' tokens.</summary>
sealed class IdentityStore(Database db, Issuers issuers)
{
    static readonly TimeSpan LongestMonth = TimeSpan.FromDays(31);

    public async Task<Standing> FindAsync(IssuerToken token, CancellationToken ct) => (await db.FirstAsync(
        $"""
        select u.id, u.disabled_at, f.erased_at, e.ended_at, s.token_iat,
          s.id, s.user_id, s.device, s.ip, s.created_at, s.last_seen_at, s.expires_at, s.issuer, s.token_until
        from (select 1 as one) o
        left join identities i on i.hash = {token.IdentityHash}
        left join users u on u.id = i.user_id and u.erased_at is null
        left join sessions s on s.token_key = {token.Key} and s.revoked_at is null and s.user_id = u.id
        left join forgotten_identities f on f.hash = {token.IdentityHash}
        left join ended_keys e on e.token_key = {token.Key}
        """,
        row => new Standing(row.GetStringOrNull(0), !row.IsDBNull(1), TimeOf(row, 2), TimeOf(row, 3),
            row.IsDBNull(5) ? null : new(row.GetString(5), row.GetString(6), row.GetString(7), row.GetString(8),
                new(row.GetInt64(9)), new(row.GetInt64(10)), new(row.GetInt64(11)), row.GetStringOrNull(12),
                TimeOf(row, 13)),
            TimeOf(row, 4) ?? default), ct))!;

    /// <summary>Adds an identity to a batch; one that an account has makes it a conflict.</summary>
    public static void Add(WriteBatch batch, IssuerToken token, string userId, string id, Timestamp now) =>
        batch.Execute($"""
        insert into identities (issuer, subject, user_id, id, hash, email, created_at)
        values ({token.Issuer.Authority}, {token.Subject}, {userId}, {id}, {token.IdentityHash}, {token.VerifiedEmail},
          {now})
        """);

    /// <summary>
    /// Adds the session of a token's key to a batch; one that is there makes it a conflict. It changes nothing where
    /// the token does not let its user in any more.
    /// </summary>
    public static Statement AddSession(WriteBatch batch, Session session, IssuerToken token)
    {
        Sql guard = $"""
            exists (select 1 from identities i where i.hash = {token.IdentityHash} and i.user_id = u.id)
              and {HasNotEnded(token)}
            """;
        return SessionStore.Add(
            batch, session, SecureTokens.Token(), guard, tokenKey: token.Key, issuedAt: token.IssuedAt);
    }

    /// <summary>The condition that no session of the token's key was ended such that the token is refused.</summary>
    public static Sql HasNotEnded(IssuerToken token) => $"""
        not exists (select 1 from ended_keys e where e.token_key = {token.Key}
          and e.ended_at >= {(token.HasSessionId ? new Timestamp(0) : token.IssuedAt)})
        """;

    /// <summary>Notes the next token of a session.</summary>
    public Task ContinueAsync(Session session, IssuerToken token, Timestamp now)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update sessions set last_seen_at = {now},
              expires_at = case when expires_at < {session.ExpiresAt} then {session.ExpiresAt} else expires_at end,
              token_until = case when token_until < {token.Expires} then {token.Expires} else token_until end,
              token_iat = case when token_iat < {token.IssuedAt} then {token.IssuedAt} else token_iat end
            where id = {session.Id} and revoked_at is null
            """);
        return db.WriteAsync(batch);
    }

    /// <summary>The name where an account has it, and all that begin with it and a dash.</summary>
    public async Task<HashSet<string>> ListUsernamesLikeAsync(string name, CancellationToken ct) =>
        [.. await db.ListAsync(
            // The dot comes after the dash.
            $"""
            select username_key from users
            where username_key = {name} or (username_key >= {name + "-"} and username_key < {name + "."})
            """, row => row.GetString(0), ct)];

    /// <summary>What the user logs in by, oldest first.</summary>
    public Task<IReadOnlyList<Identity>> ListAsync(string userId, CancellationToken ct) => db.ListAsync(
        $"""
        select i.id, i.issuer, i.subject, i.email, i.created_at from identities i
        where i.user_id = {userId} order by i.created_at, i.id
        """,
        row => new Identity(row.GetString(0), NameOf(row.GetString(1)), row.GetString(2), row.GetStringOrNull(3),
            new(row.GetInt64(4))), ct);

    public Task<bool> HasAnyAsync(string userId, CancellationToken ct) =>
        db.FirstAsync($"select 1 from identities where user_id = {userId}", _ => true, ct);

    /// <summary>
    /// Takes the identities from an account that is erased: a later login makes a new one, a token from before none.
    /// </summary>
    public static void Forget(WriteBatch batch, string userId, Timestamp now)
    {
        // An issuer's clock may be ahead of ours.
        batch.Execute($"""
            insert into forgotten_identities (hash, erased_at)
            select i.hash, (select case when max(s.token_iat) > {now} then max(s.token_iat) else {now} end
              from sessions s where s.user_id = {userId})
            from identities i where i.user_id = {userId}
            on conflict (hash) do update set erased_at = excluded.erased_at
            """);
        batch.Execute($"delete from identities where user_id = {userId}");
    }

    /// <summary>Removes what no token that works could be refused by any more.</summary>
    public async Task PurgeAsync(Timestamp ended)
    {
        var batch = new WriteBatch();
        // Those of an issuer's session stay for good.
        batch.Execute($"""
            delete from ended_keys where token_key >= 'app:' and token_key < 'app;' and ended_at < {ended}
            """);
        batch.Execute($"delete from forgotten_usage where day < {(ended - LongestMonth).Milliseconds / 86_400_000}");
        batch.Execute($"""
            delete from forgotten_identities where erased_at < {ended} and hash not in (select hash from forgotten_usage)
            """);
        await db.WriteAsync(batch);
    }

    string NameOf(string authority) => issuers.OfAuthority(authority)?.Name ?? authority;

    static Timestamp? TimeOf(Row row, int column) =>
        row.GetInt64OrNull(column) is { } at ? new Timestamp(at) : null;
}
