using System.Reflection;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Cote.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Cote.Users;

/// <summary>Marks a route that also takes the token as <c>?token=</c>, for browsers' EventSource.</summary>
sealed class AllowsQueryToken;

/// <summary>
/// The scheme behind every route that requires authorization. The token check is <see cref="AccessTokens"/>, shared
/// with sockets, so that the JwtBearer package would replace only this class.
/// </summary>
sealed class BearerHandler(
    AccessTokens tokens, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string SchemeName = "Bearer";

    Problem _problem = Problems.InvalidToken;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (TokenOf(Context) is not { } token || !Matters(token, Context.GetEndpoint()))
            return AuthenticateResult.NoResult();
        var (user, problem) = await (Context.Request.Headers.Authorization.Count > 0
            ? tokens.ReadAsync(token, Context, Context.RequestAborted)
            : tokens.ReadFromUrlAsync(token, Context, Context.RequestAborted));
        if (user is null)
        {
            _problem = problem ?? _problem;
            return AuthenticateResult.Fail("bad token");
        }
        Context.Features.Set(user);
        Claim[] claims = user.SessionId is { } session ? [new("sub", user.Id), new("sid", session)]
            : [new("sub", user.Id)];
        var identity = new ClaimsIdentity(claims, SchemeName, "sub", "role");
        return AuthenticateResult.Success(new(new(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        ApiResults.Of(TokenOf(Context) is null ? Problems.NotAuthenticated : _problem)
            .ExecuteAsync(Context);

    // To read one that fails costs its address a login, and one of an issuer may make an account: not on an open route
    // of ours that asks for nobody. What a host's own routes ask for is not known.
    static bool Matters(string token, Endpoint? endpoint) =>
        endpoint?.Metadata is not { } marks
        || marks.GetMetadata<MethodInfo>()?.Module != typeof(BearerHandler).Module
        || marks.GetMetadata<IAuthorizeData>() is not null || marks.GetMetadata<KeyAccess>() is not null
        || (ApiKeys.IsKey(token) && marks.GetMetadata<RefusesKeys>() is not null);

    static string? TokenOf(HttpContext http)
    {
        string? header = http.Request.Headers.Authorization;
        if (header is not null)
            return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : null;
        return http.GetEndpoint()?.Metadata.GetMetadata<AllowsQueryToken>() is null ? null
            : (string?)http.Request.Query["token"];
    }
}
