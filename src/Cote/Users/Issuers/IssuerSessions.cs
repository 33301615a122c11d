using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>Begins sessions of our own for those who came by an issuer.</summary>
sealed class IssuerSessions(Database db, AccessTokens tokens, Audit audit, AuthOptions options, Clock clock)
{
    /// <summary>A session, and the answer of its login.</summary>
    public async Task<IResult> BeginAsync(
        string userId, string issuer, string device, HttpContext http, string? issuedTokenType = null)
    {
        var now = clock.Now;
        var session = new Session(clock.NewId(), userId, device, RateLimits.AddressOf(http), now, now,
            now + TimeSpan.FromDays(options.SessionDays), issuer);
        var refreshToken = SecureTokens.Token();
        var batch = new WriteBatch();
        SessionStore.Add(batch, session, refreshToken);
        audit.Add(batch, AuditActions.LoggedIn, userId, http, issuer);
        await db.WriteAsync(batch);
        return tokens.Answer(session, refreshToken, issuedTokenType);
    }
}
