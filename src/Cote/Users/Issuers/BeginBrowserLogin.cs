using System.Net.Mime;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>GET /auth/{issuer}</c>: leads a browser to an issuer, for an app that waits for a code.</summary>
static class BeginBrowserLogin
{
    const int MaxState = 1_000;
    const int MaxUri = 2_000;
    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public static async Task<IResult> Handle(
        string issuer, HttpContext http, string? redirect_uri, string? state, string? code_challenge,
        string? code_challenge_method, Issuers issuers, CodeFlow flow, BrowserLoginStore logins, AuthOptions options,
        Clock clock, CancellationToken ct)
    {
        if (issuers.ForBrowsers(issuer) is not { } at)
            return ApiResults.Of(Problems.NotFound);
        // Before all else: nothing may be sent to an address that is not on the list, an error neither.
        if (redirect_uri is not { Length: <= MaxUri } || !RedirectUri.IsListed(options.RedirectUris, redirect_uri))
            return Page("This login does not lead back to an app that this server knows.");
        var request = new RequestReader();
        var given = request.QueryText("state", state, 1, MaxState);
        var challenge = request.QueryText("code_challenge", code_challenge, 43, 43);
        if (request.QueryText("code_challenge_method", code_challenge_method, 1, 10) is not ("" or "S256"))
            request.AddQueryError("code_challenge_method", "only S256 is taken", code_challenge_method);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var token = SecureTokens.Token();
        var callback = $"{http.Request.Scheme}://{http.Request.Host}{http.Request.PathBase}/auth/{at.Name}/callback";
        if (await flow.UrlAsync(at, callback, token, ct) is not { } url)
            return Results.Redirect(
                RedirectUri.With(redirect_uri, ("error", LoginErrors.ServerError), ("state", given)));
        await logins.BeginAsync(token, new(at.Name, callback, redirect_uri, given, challenge), clock.Now, Lifetime);
        return Results.Redirect(url);
    }

    /// <summary>What a person sees whom no app waits for.</summary>
    public static IResult Page(string sentence) => Results.Content(
        $"<!doctype html><html lang=\"en\"><title>Login</title><p>{sentence}</p></html>", MediaTypeNames.Text.Html,
        System.Text.Encoding.UTF8, StatusCodes.Status400BadRequest);
}

/// <summary>What an app is told of a login that came to nothing: RFC 6749 4.1.2.1.</summary>
static class LoginErrors
{
    public const string AccessDenied = "access_denied";
    public const string ServerError = "server_error";
}
