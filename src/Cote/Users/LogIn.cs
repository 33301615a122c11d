using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /token</c>: a login by password, or one of the other <see cref="Grants"/>.</summary>
static class LogIn
{
    const int MaxDeviceLength = 200;
    const int MaxPasswordLength = 1_024; // a longer one cannot be the password: it is not worth a hash

    public static async Task<IResult> Handle(
        HttpContext http, UserStore users, Passwords passwords, LoginThrottle throttle, AccessTokens tokens,
        Audit audit, Database db, Grants grants, AuthOptions options, Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadFormAsync(http);
        var grant = request.Choice("grant_type", Grants.Password, Grants.All);
        if (grant != Grants.Password)
            return await grants.HandleAsync(grant, http, request, ct);
        var username = request.Text("username", 0, Credentials.MaxEmailLength, TypedText.Trim);
        var password = request.Text("password", 0, MaxPasswordLength);
        var device = ReadDevice(request, http);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var account = await users.FindByLoginAsync(username, ct);
        var (attempt, tooMany) = await throttle.BeginAsync(account?.Id, UserStore.Fold(username), http, ct);
        if (attempt is null)
            return ApiResults.Of(tooMany!);
        using var guess = attempt;

        // The same work and the same answer whether the name or the password is wrong: no answer tells who has an
        // account.
        var (right, rehashed) = await passwords.VerifyAsync(account?.PasswordHash, password, ct);
        if (!right || account is null)
        {
            guess.WasWrong();
            var detail = account is null ? "no such user" : "wrong password";
            await audit.WriteAsync(AuditActions.LoginFailed, account?.Id, http, detail);
            return ApiResults.Of(Problems.WrongPassword);
        }
        if (account.DisabledAt is not null)
        {
            await audit.WriteAsync(AuditActions.LoginFailed, account.Id, http, "disabled");
            return ApiResults.Of(Problems.AccountDisabled);
        }
        var now = clock.Now;
        var expires = now + TimeSpan.FromDays(options.SessionDays);
        var session = new Session(clock.NewId(), account.Id, device, RateLimits.AddressOf(http), now, now, expires);
        var refreshToken = SecureTokens.Token();
        var batch = new WriteBatch();
        // What was the password may be none by now.
        var added = SessionStore.Add(batch, session, refreshToken, $"u.password_hash = {account.PasswordHash}");
        if (rehashed is not null)
            UserStore.Rehash(batch, account, rehashed);
        audit.AddLogin(batch, session, http, device);
        await db.WriteAsync(batch);
        if (added.Changed == 0)
            return ApiResults.Of(Problems.WrongPassword);

        return tokens.Answer(session, refreshToken);
    }

    /// <summary>The name of a session: the device's own, or what the User-Agent says.</summary>
    public static string ReadDevice(RequestReader request, HttpContext http) =>
        request.OptionalText("device_name", 0, MaxDeviceLength) ?? DeviceOf(http);

    static string DeviceOf(HttpContext http) =>
        Excerpt.Of(
            http.Request.Headers.UserAgent.ToString().Replace("\0", "", StringComparison.Ordinal), MaxDeviceLength);
}
