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
        var check = await Body.ReadFormAsync(http);
        var grant = check.Choice("grant_type", "password", "password", "refresh_token");
        if (grant == "refresh_token")
            return await RefreshAsync(http, check, sessions, tokens, audit, revocations, clock);
        var username = check.Text("username", 0, Credentials.LongestEmail);
        var password = check.Text("password", 0, 1_024);
        var device = check.OptionalText("device_name", 0, LongestDevice) ?? DeviceOf(http);
        if (check.Problem is { } wrong)
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
        var unit = new WriteBatch();
        if (rehashed is not null)
            UserStore.Set(unit, account.Id, $"password_hash = {rehashed}");
        SessionStore.Add(unit, session, refreshToken);
        audit.Add(unit, AuditActions.LoggedIn, account.Id, http, device);
        await db.WriteAsync(unit);

        return AnswerWith(tokens, session, refreshToken);
    }

    static async Task<IResult> RefreshAsync(
        HttpContext http, RequestReader check, SessionStore sessions, AccessTokens tokens, Audit audit, Revocations revocations, Clock clock)
    {
        var spent = check.Text("refresh_token", 1, 1_024);
        if (check.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var refreshed = await sessions.RotateAsync(spent, RateLimits.AddressOf(http), clock.Now);
        if (refreshed.Session is { } session)
            return AnswerWith(tokens, session, refreshed.Token);
        // Two hold tokens of one session, and one of them stole his: both are out.
        if (refreshed.Betrayed is { } betrayed)
            await revocations.RevokeAsync($"s.id = {betrayed.Id}",
                unit => audit.Add(unit, AuditActions.RefreshReused, betrayed.UserId, http, betrayed.Device));
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
