using Cote.Data;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /token</c>: a login by password, or a refresh.</summary>
static class LogIn
{
    const int LongestDevice = 200;

    public static async Task<IResult> Handle(
        HttpContext http, UserStore users, SessionStore sessions, Passwords passwords, AccessTokens tokens, Audit audit,
        Revocations revocations, Database db, RateLimits limits, AuthOptions options, Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadFormAsync(http);
        var grant = request.Choice("grant_type", "password", "password", "refresh_token");
        if (grant == "refresh_token")
            return await RefreshAsync(http, request, sessions, tokens, audit, revocations, clock);
        var username = request.Text("username", 0, Credentials.LongestEmail);
        var password = request.Text("password", 0, 1_024);
        var device = request.OptionalText("device_name", 0, LongestDevice) ?? DeviceOf(http);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (limits.AcquireLogin(UserStore.Fold(username)) is { } tooMany)
            return ApiResults.Of(tooMany);

        // The same work and the same answer whether the name or the password is wrong: nobody learns who is here.
        var account = await users.FindByLoginAsync(username, ct);
        var (right, rehashed) = await passwords.VerifyAsync(account?.PasswordHash, password, ct);
        if (!right || account is null)
        {
            await audit.WriteAsync(AuditActions.LoginFailed, account?.Id, http, account is null ? "no such user" : "wrong password");
            return ApiResults.Of(Problems.WrongPassword);
        }
        if (account.DisabledAt is not null)
        {
            await audit.WriteAsync(AuditActions.LoginFailed, account.Id, http, "disabled");
            return ApiResults.Of(Problems.AccountDisabled);
        }
        var now = clock.Now;
        var session = new Session(clock.NewId(), account.Id, device, RateLimits.AddressOf(http), now, now, now + TimeSpan.FromDays(options.SessionDays));
        var refreshToken = SecureTokens.Token();
        var batch = new WriteBatch();
        if (rehashed is not null)
            UserStore.Set(batch, account.Id, $"password_hash = {rehashed}");
        SessionStore.Add(batch, session, refreshToken);
        audit.Add(batch, AuditActions.LoggedIn, account.Id, http, device);
        await db.WriteAsync(batch);

        return AnswerWith(tokens, session, refreshToken);
    }

    static async Task<IResult> RefreshAsync(
        HttpContext http, RequestReader request, SessionStore sessions, AccessTokens tokens, Audit audit, Revocations revocations, Clock clock)
    {
        var spent = request.Text("refresh_token", 1, 1_024);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var refreshed = await sessions.RotateAsync(spent, RateLimits.AddressOf(http), clock.Now);
        if (refreshed.Session is { } session)
            return AnswerWith(tokens, session, refreshed.Token);
        // Two hold tokens of one session, and one of them stole his: both are out.
        if (refreshed.Betrayed is { } betrayed)
            await revocations.RevokeAsync($"s.id = {betrayed.Id}",
                batch => audit.Add(batch, AuditActions.RefreshReused, betrayed.UserId, http, betrayed.Device));
        return ApiResults.Of(Problems.InvalidRefreshToken);
    }

    static IResult AnswerWith(AccessTokens tokens, Session session, string refreshToken)
    {
        var (token, expiresIn) = tokens.Create(session);
        return ApiResults.Json(new TokenPair(token, "bearer", expiresIn, refreshToken), UsersJson.Default.TokenPair);
    }

    static string DeviceOf(HttpContext http) =>
        Excerpt.Of(http.Request.Headers.UserAgent.ToString().Replace("\0", "", StringComparison.Ordinal), LongestDevice);
}
