using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>
/// <c>GET /auth/{issuer}/callback</c>: the browser comes back from the issuer, and goes on to the app with a code of
/// our own.
/// </summary>
sealed class EndBrowserLogin(
    Issuers issuers, CodeFlow flow, BrowserLoginStore logins, FirstSight firstSight, AuthOptions options, Clock clock,
    ILogger<EndBrowserLogin> log)
{
    const int MaxCode = 4_096;
    static readonly TimeSpan CodeLifetime = TimeSpan.FromSeconds(60);

    public static Task<IResult> Handle(
        string issuer, HttpContext http, string? state, string? code, string? error, string? iss,
        EndBrowserLogin end, CancellationToken ct) => end.HandleAsync(issuer, http, state, (code, error, iss), ct);

    async Task<IResult> HandleAsync(
        string name, HttpContext http, string? token, (string? Code, string? Error, string? Issuer) answer,
        CancellationToken ct)
    {
        // The address is looked up once more: the list may be another since.
        if (issuers.ForBrowsers(name) is not { } issuer || token is not { Length: > 0 and <= 100 }
            || await logins.TakeAsync(token, clock.Now) is not { } login || login.Issuer != issuer.Name
            || !RedirectUri.IsListed(options.RedirectUris, login.RedirectUri))
            return BeginBrowserLogin.Page(
                "This login has ended, or was never begun. Go back to the app and try again.");
        var (userId, failure) = await FindUserAsync(issuer, login, token, answer, http, ct);
        if (userId is null)
            return Results.Redirect(
                RedirectUri.With(login.RedirectUri, ("error", failure), ("state", login.State)));

        var own = SecureTokens.Token();
        await logins.AddCodeAsync(
            own, new(userId, issuer.Name, login.RedirectUri, login.Challenge), clock.Now, CodeLifetime);
        return Results.Redirect(RedirectUri.With(login.RedirectUri, ("code", own), ("state", login.State)));
    }

    async Task<(string? UserId, string Failure)> FindUserAsync(
        Issuer issuer, BrowserLogin login, string token, (string? Code, string? Error, string? Issuer) answer,
        HttpContext http, CancellationToken ct)
    {
        if (answer.Error is not null || answer.Code is not { Length: > 0 and <= MaxCode })
            return (null, answer.Error == LoginErrors.AccessDenied
                ? LoginErrors.AccessDenied : Failed(issuer, "the issuer answered with an error"));
        // RFC 9207: a code of another issuer must not be shown to this one.
        if (answer.Issuer is not null && answer.Issuer != issuer.Authority)
            return (null, Failed(issuer, "the answer is of another issuer"));
        var (good, why) = await flow.RedeemAsync(issuer, answer.Code, login.Callback, token, ct);
        if (good is null)
            return (null, Failed(issuer, why));
        var (standing, problem) = await firstSight.FindAsync(good, http, isNewLogin: true, ct);
        return problem is null ? (standing.UserId, "")
            : (null, problem.Status < 500 ? LoginErrors.AccessDenied : Failed(issuer, problem.Code));
    }

    string Failed(Issuer issuer, string why)
    {
        log.BrowserLoginFailed(issuer.Name, why);
        return LoginErrors.ServerError;
    }
}
