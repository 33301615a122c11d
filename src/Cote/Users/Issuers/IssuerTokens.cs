using System.Collections.Concurrent;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// Access tokens of issuers. Each belongs to a session, made at the first of its key; one that was found good is
/// remembered until it expires, by its hash, since issuers make long ones.
/// </summary>
sealed class IssuerTokens(
    IssuerTokenReader reader, FirstSight firstSight, IdentityStore identities, SessionStore sessions,
    Revocations revocations, RateLimits limits, Audit audit, Database db, AuthOptions options, Clock clock)
{
    const int MaxVerified = 100_000;
    const int Tries = 10;

    readonly ConcurrentDictionary<string, CurrentUser> _verified = [];

    /// <summary>Whether a token is of a trusted issuer, by what it says.</summary>
    public bool Takes(string token) => reader.IssuerOf(token) is not null;

    /// <summary>
    /// The user of a token; else the problem. One that fails costs its address a login: each costs us a signature.
    /// </summary>
    public async ValueTask<(CurrentUser? User, Problem? Problem)> ReadAsync(
        string token, HttpContext http, CancellationToken ct)
    {
        var hash = SecureTokens.Hash(token);
        if (http.Features.Get<Refusal>() is { } refused && refused.Hash == hash)
            return (null, refused.Problem); // A request that asks twice pays once.
        if (_verified.TryGetValue(hash, out var known))
        {
            var now = clock.Now;
            if (known.Expires > now && !revocations.Contains(known.CredentialId))
            {
                sessions.MarkSeen(known.CredentialId, now);
                return (known, null);
            }
            _verified.TryRemove(hash, out _);
        }
        var (user, problem) = await CheckAsync(token, http, ct);
        if (problem == Problems.InvalidToken)
            problem = limits.Acquire(Limit.Login, http) ?? problem;
        if (user is null)
        {
            http.Features.Set(new Refusal(hash, problem!));
            return (null, problem);
        }
        if (_verified.Count >= MaxVerified)
            _verified.Clear();
        _verified[hash] = user;
        return (user, null);
    }

    async ValueTask<(CurrentUser? User, Problem? Problem)> CheckAsync(
        string text, HttpContext http, CancellationToken ct)
    {
        var (token, bad) = await reader.ReadAsync(text, TokenDoor.Bearer, ct);
        if (token is null)
            return (null, bad);
        for (var tries = 0; tries < Tries; tries++)
        {
            var (standing, problem) = await firstSight.FindAsync(token, http, isNewLogin: false, ct);
            if (problem is not null)
                return (null, problem);
            var session = standing.Session ?? await BeginAsync(token, standing.UserId!, http);
            if (session is null)
                continue; // Another request of the same key was first, or the user was shut out meanwhile.
            if (standing.Session is not null && (token.Expires > session.TokenUntil
                || token.IssuedAt > standing.LastIssuedAt))
                await identities.ContinueAsync(session with { ExpiresAt = EndOf(token) }, token, clock.Now);
            return revocations.Contains(session.Id) ? (null, Problems.InvalidToken)
                : (new CurrentUser(session.UserId, session.Id, token.Expires), null);
        }
        return (null, Problems.Busy);
    }

    /// <summary>Whether a session of the token's key was ended after the token was issued, or once for all.</summary>
    public static bool HasEnded(IssuerToken token, Standing standing) =>
        standing.EndedAt is { } ended && (token.IssuedAt <= ended || token.HasSessionId);

    async Task<Session?> BeginAsync(IssuerToken token, string userId, HttpContext http)
    {
        var (now, name) = (clock.Now, token.Issuer.Name);
        var session = new Session(
            clock.NewId(), userId, name, RateLimits.AddressOf(http), now, now, EndOf(token), name, token.Expires);
        var batch = new WriteBatch();
        var added = IdentityStore.AddSession(batch, session, token);
        audit.AddLogin(batch, session, http, name);
        return await db.WriteAsync(batch) == Outcome.Conflict || added.Changed == 0 ? null : session;
    }

    // Not before the token's own: what ends a session must end what still works.
    Timestamp EndOf(IssuerToken token) =>
        clock.Now + TimeSpan.FromDays(options.SessionDays) is var end && end > token.Expires ? end : token.Expires;

    /// <summary>What became of a token in this request.</summary>
    sealed record Refusal(string Hash, Problem Problem);
}
