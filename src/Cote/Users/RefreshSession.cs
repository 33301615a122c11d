using Cote.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>
/// <c>POST /token</c> with <c>grant_type=refresh_token</c>: the next refresh token and a new access token.
/// </summary>
sealed class RefreshSession(
    SessionStore sessions, AccessTokens tokens, Audit audit, Revocations revocations, Clock clock,
    ILogger<RefreshSession> log)
{
    const int MaxTokenLength = 1_024;

    public async Task<IResult> HandleAsync(HttpContext http, RequestReader request)
    {
        var spent = request.Text("refresh_token", 1, MaxTokenLength);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var refreshed = await sessions.RotateAsync(spent, RateLimits.AddressOf(http), clock.Now);
        if (refreshed.Session is { } session)
            return tokens.Answer(session, refreshed.Token);
        // Two hold tokens of one session, and one of them may be a thief: the session ends for both.
        if (refreshed.Reused is { } reused)
        {
            log.RefreshTokenReused(reused.Id, reused.UserId);
            await revocations.RevokeAsync($"s.id = {reused.Id}",
                (batch, _) => audit.Add(batch, AuditActions.RefreshReused, reused.UserId, http, reused.Device));
        }
        return ApiResults.Of(Problems.InvalidRefreshToken);
    }
}
