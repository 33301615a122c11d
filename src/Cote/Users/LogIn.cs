using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /token</c>: a login by password, or a refresh.</summary>
static class LogIn
{
    const int LongestDevice = 200;

    public static async Task<IResult> Handle(
        HttpContext http, UserStore users, SessionStore sessions, Passwords passwords, AccessTokens tokens,
        RateLimits limits, AuthOptions options, Clock clock, CancellationToken ct)
    {
        var check = await Body.ReadFormAsync(http);
        var grant = check.Choice("grant_type", "password", "password", "refresh_token");
        if (grant == "refresh_token")
            return await RefreshAsync(http, check, sessions, tokens, clock);
        var username = check.Text("username", 0, 254);
        var password = check.Text("password", 0, 1_024);
        if (check.Problem is { } wrong)
            return Answer.Of(wrong);
        if (limits.TakeLogin(UserStore.Fold(username)) is { } tooMany)
            return Answer.Of(tooMany);

        // The same work and the same answer whether the name or the password is wrong: nobody learns who is here.
        var account = await users.FindByLoginAsync(username, ct);
        var (right, rehashed) = await passwords.VerifyAsync(account?.PasswordHash, password, ct);
        if (!right || account is null)
            return Answer.Of(Problems.WrongPassword);
        if (rehashed is not null)
            await users.SetPasswordHashAsync(account.Id, account.PasswordHash, rehashed);
        var now = clock.Now;
        var session = new Session(clock.NewId(), account.Id, now + TimeSpan.FromDays(options.SessionDays));
        var refreshToken = Secrets.Token();
        await sessions.AddAsync(session, refreshToken, DeviceOf(http), RateLimits.AddressOf(http), now);

        return AnswerWith(tokens, session, refreshToken);
    }

    static async Task<IResult> RefreshAsync(
        HttpContext http, Check check, SessionStore sessions, AccessTokens tokens, Clock clock)
    {
        var spent = check.Text("refresh_token", 1, 1_024);
        if (check.Problem is { } wrong)
            return Answer.Of(wrong);

        var next = Secrets.Token();
        var session = await sessions.RotateAsync(spent, next, RateLimits.AddressOf(http), clock.Now);

        return session is null ? Answer.Of(Problems.InvalidRefreshToken) : AnswerWith(tokens, session, next);
    }

    static IResult AnswerWith(AccessTokens tokens, Session session, string refreshToken)
    {
        var (token, expiresIn) = tokens.Create(session);
        return Answer.Json(new TokenPair(token, "bearer", expiresIn, refreshToken), UsersJson.Default.TokenPair);
    }

    static string DeviceOf(HttpContext http) =>
        Excerpt.Of(http.Request.Headers.UserAgent.ToString().Replace("\0", "", StringComparison.Ordinal), LongestDevice);
}
