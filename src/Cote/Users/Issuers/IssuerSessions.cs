using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>Begins sessions of our own for those who came by an issuer.</summary>
sealed class IssuerSessions(Database db, AccessTokens tokens, Audit audit, AuthOptions options, Clock clock)
{
    /// <summary>
    /// A session, and the answer of its login. Where a token was exchanged for it, the session's end is the end of that
    /// too.
    /// </summary>
    public async Task<IResult> BeginAsync(
        string userId, string issuer, string device, HttpContext http, IssuerToken? origin = null,
        string? issuedTokenType = null)
    {
        var now = clock.Now;
        var session = new Session(clock.NewId(), userId, device, RateLimits.AddressOf(http), now, now,
            now + TimeSpan.FromDays(options.SessionDays), issuer);
        var refreshToken = SecureTokens.Token();
        var batch = new WriteBatch();
        Sql guard = origin is null ? $"true" : IdentityStore.HasNotEnded(origin);
        var added = SessionStore.Add(
            batch, session, refreshToken, guard, originKey: origin?.Key, issuedAt: origin?.IssuedAt);
        audit.AddLogin(batch, session, http, issuer);
        await db.WriteAsync(batch);
        if (added.Changed == 0)
            return ApiResults.Of(Problems.InvalidToken); // the user was shut out in the same moment
        return tokens.Answer(session, refreshToken, issuedTokenType);
    }
}
