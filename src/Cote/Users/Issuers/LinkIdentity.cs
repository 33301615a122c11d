using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /users/me/identities</c>: from now on one also logs in by this identity.</summary>
static class LinkIdentity
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, IssuerTokenReader reader, IdentityStore identities, RateLimits limits,
        Audit audit, Database db, Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var subjectToken = ExchangeToken.ReadToken(request);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var (token, bad) = await reader.ReadAsync(subjectToken, TokenDoor.Id, ct);
        if (token is null)
            return ApiResults.Of(
                bad == Problems.InvalidToken ? limits.Acquire(Limit.Login, http) ?? Problems.InvalidToken : bad!);
        var standing = await identities.FindAsync(token, ct);
        if (standing.ForgottenAt >= token.IssuedAt || IssuerTokens.HasEnded(token, standing))
            return ApiResults.Of(Problems.InvalidToken);

        if (standing.UserId is null)
        {
            var batch = new WriteBatch();
            IdentityStore.Add(batch, token, current.Id, clock.NewId(), clock.Now);
            audit.Add(batch, AuditActions.IdentityLinked, current.Id, http, token.Issuer.Name);
            await db.WriteAsync(batch);
        }

        // Of another account where one was faster.
        var mine = await identities.ListAsync(current.Id, ct);
        return mine.FirstOrDefault(x => x.Issuer == token.Issuer.Name && x.Subject == token.Subject) is { } linked
            ? ApiResults.Json(linked, UsersJson.Default.Identity)
            : ApiResults.Of(Problems.IdentityTaken);
    }
}

/// <summary><c>GET /users/me/identities</c>: what one logs in by at issuers, oldest first.</summary>
static class ListIdentities
{
    public static async Task<IResult> Handle(CurrentUser current, IdentityStore identities, CancellationToken ct) =>
        ApiResults.Json(
            await identities.ListAsync(current.Id, ct), UsersJson.Default.IReadOnlyListIdentity);
}
