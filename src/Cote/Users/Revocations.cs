using System.Collections.Concurrent;
using Cote.Cluster;
using Cote.Notices;

namespace Cote.Users;

/// <summary>
/// A session or an API key that was revoked, and until when that is remembered. The user is empty where its row is gone
/// already.
/// </summary>
readonly record struct RevokedSession(string Id, string UserId, Timestamp Until);

/// <summary>
/// Sessions that were ended while a token of theirs could still be shown, and API keys. Every request and every socket
/// asks this set, whatever else is remembered of a token or key. The rows are the truth: <see cref="RevocationLoop"/>
/// reads the newer ones.
/// </summary>
sealed class Revocations(Database db, NodeNotifier notifier, AuthOptions options, Clock clock)
{
    // Longer than a node remembers a key that it has verified, and than it can be away from the database and go on.
    static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(1);

    readonly ConcurrentDictionary<string, Timestamp> _sessions = [];
    long _lastRead;

    /// <summary>
    /// Raised once for each revoked session or key, with the user's id and its own. An empty user's id means that the
    /// session's row is gone: look at every connection.
    /// </summary>
    public event Action<string, string>? Revoked;

    public bool Contains(string sessionId) => _sessions.ContainsKey(sessionId);

    /// <summary>
    /// Adds to a batch what revokes the sessions that <paramref name="which"/> (a condition on <c>s</c>) holds for and
    /// that are not revoked yet. Give the returned rows to <see cref="Apply"/> after the commit.
    /// <paramref name="also"/> adds to the batch before, and is given the condition that there is one.
    /// </summary>
    public Query<RevokedSession> Add(WriteBatch batch, Sql which, Action<WriteBatch, Sql>? also = null)
    {
        var now = clock.Now;
        var revoked = Add(batch, $"sessions", which, now, TokenLifetime, also);
        DeviceStore.RemoveOf(batch, $"select s.id from sessions s where {Just(which, now)}");
        return revoked;
    }

    /// <summary>The same for API keys; <paramref name="which"/> is a condition on <c>s</c> too.</summary>
    public Query<RevokedSession> AddKeys(WriteBatch batch, Sql which, Action<WriteBatch, Sql>? also = null) =>
        Add(batch, $"api_keys", which, clock.Now, KeyLifetime, also);

    static Sql Just(Sql which, Timestamp now) => $"s.revoked_at = {now} and {which}";

    static Query<RevokedSession> Add(
        WriteBatch batch, Sql table, Sql which, Timestamp now, TimeSpan remembered, Action<WriteBatch, Sql>? also)
    {
        var until = now + remembered;
        Sql lasts = $"s.revoked_at is null and {which}";
        // The numbers go to the sessions that the first statement revokes, and to no others: a login in between is not
        // among them. The counter's lock puts the numbers in the order of the commits, so that a reader that goes on
        // misses none.
        batch.Lock($"select 1 from counters where name = 'revocations'");
        also?.Invoke(batch, $"exists (select 1 from {table} s where {lasts})");
        var revoked = batch.Query(
            $"""
            update {table} set revoked_at = {now}
            where id in (select s.id from {table} s where {lasts})
            returning id, user_id
            """, row => new RevokedSession(row.GetString(0), row.GetString(1), until));
        var just = Just(which, now);
        batch.Execute($"""
            update counters set value = value + (select count(*) from {table} s where {just})
            where name = 'revocations'
            """);
        batch.Execute($"""
            insert into revocations (seq, session_id, until)
            select c.value + 1 - row_number() over (order by s.id), s.id, {until}
            from counters c, {table} s where c.name = 'revocations' and {just}
            """);
        // An issuer's clock may be ahead of ours: what it had issued by now may say that it was later.
        batch.Execute($"""
            insert into ended_keys (token_key, ended_at)
            select coalesce(s.token_key, s.origin_key),
              case when max(s.token_iat) > {now} then max(s.token_iat) else {now} end
            from sessions s where {just} and coalesce(s.token_key, s.origin_key) is not null
            group by coalesce(s.token_key, s.origin_key)
            on conflict (token_key) do update set ended_at = case
              when excluded.ended_at > ended_keys.ended_at then excluded.ended_at else ended_keys.ended_at end
            """);
        return revoked;
    }

    /// <summary>After the commit: this node refuses the sessions from now on, and tells the others.</summary>
    public void Apply(Query<RevokedSession> revoked)
    {
        foreach (var session in revoked.Items)
            Add(session);
        if (revoked.Items.Count > 0)
            notifier.Publish(new(NotificationKind.SessionsRevoked));
    }

    /// <summary>
    /// Revokes sessions in a batch of its own; returns how many there were. <paramref name="also"/> adds to the batch
    /// before, and is given the condition that there is one.
    /// </summary>
    public async Task<int> RevokeAsync(Sql which, Action<WriteBatch, Sql>? also = null)
    {
        var batch = new WriteBatch();
        var revoked = Add(batch, which, also);
        await db.WriteAsync(batch);
        Apply(revoked);
        return revoked.Items.Count;
    }

    /// <summary>The same for API keys.</summary>
    public async Task<int> RevokeKeysAsync(Sql which, Action<WriteBatch, Sql>? also = null)
    {
        var batch = new WriteBatch();
        var revoked = AddKeys(batch, which, also);
        await db.WriteAsync(batch);
        Apply(revoked);
        return revoked.Items.Count;
    }

    /// <summary>Reads the revocations that were written since the last call, by any node or command.</summary>
    public async Task ReadNewAsync(CancellationToken ct)
    {
        var newer = await db.ListAsync(
            $"""
            select r.seq, r.session_id, r.until, coalesce(s.user_id, k.user_id)
            from revocations r
            left join sessions s on s.id = r.session_id left join api_keys k on k.id = r.session_id
            where r.seq > {Volatile.Read(ref _lastRead)} order by r.seq
            """,
            row => (Seq: row.GetInt64(0), Session: new RevokedSession(
                row.GetString(1), row.IsDBNull(3) ? "" : row.GetString(3), new(row.GetInt64(2)))), ct);
        foreach (var (seq, session) in newer)
        {
            Add(session);
            Volatile.Write(ref _lastRead, seq);
        }
    }

    /// <summary>Reads all rows at the next call: after a new epoch the numbers may have gone to others.</summary>
    public void ReadAllAgain() => Volatile.Write(ref _lastRead, 0);

    /// <summary>Forgets the sessions whose last access token has expired.</summary>
    public void RemoveExpired()
    {
        foreach (var (id, until) in _sessions)
            if (until < clock.Now)
                _sessions.TryRemove(id, out _);
    }

    // Of the longest token that a session may hold: of our own ones, and of every issuer's, by either clock.
    TimeSpan TokenLifetime =>
        new[] { TimeSpan.FromMinutes(options.AccessTokenMinutes), options.LongestIssued }.Max();

    void Add(RevokedSession session)
    {
        if (session.Until > clock.Now && _sessions.TryAdd(session.Id, session.Until))
            Revoked?.Invoke(session.UserId, session.Id);
    }
}
