using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Cote.Users;

/// <summary>
/// The scheme behind a host's own routes that require authorization; those of Cote pass the <see cref="Gate"/>. The
/// token check is <see cref="AccessTokens"/>, shared with sockets, so that the JwtBearer package would replace only
/// this class.
/// </summary>
sealed class BearerHandler(
    AccessTokens tokens, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string SchemeName = "Bearer";

    Problem? _problem;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var (user, problem) = await RequestToken.ReadAsync(Context, tokens);
        _problem = problem;
        if (user is null)
            return problem is null ? AuthenticateResult.NoResult() : AuthenticateResult.Fail("bad token");
        Context.Features.Set(user);
        Claim[] claims = user.SessionId is { } session ? [new("sub", user.Id), new("sid", session)]
            : [new("sub", user.Id)];
        var identity = new ClaimsIdentity(claims, SchemeName, "sub", "role");
        return AuthenticateResult.Success(new(new(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        RequestToken.Refuse(Context, _problem).ExecuteAsync(Context);
}
