using System.Reflection;
using Cote.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>Marks a route that also takes the token as <c>?token=</c>, for browsers' EventSource.</summary>
sealed class AllowsQueryToken;

/// <summary>The token or key that a request carries.</summary>
static class RequestToken
{
    const string Scheme = "Bearer ";

    /// <summary>
    /// Whose it is; else the problem to answer, where the route asks for a user. Neither, where there is none or the
    /// route asks for nobody.
    /// </summary>
    public static ValueTask<(CurrentUser? User, Problem? Problem)> ReadAsync(HttpContext http, AccessTokens tokens)
    {
        var endpoint = http.GetEndpoint();
        string? header = http.Request.Headers.Authorization;
        // The common case first, without a copy of the token.
        if (header is not null && IsBearer(header) && Matters("", endpoint)
            && tokens.FindVerified(header.AsSpan(Scheme.Length).Trim()) is { } known)
            return new((known, null));
        if (Of(http) is not { } token || !Matters(token, endpoint))
            return default;
        return header is not null ? tokens.ReadAsync(token, http, http.RequestAborted)
            : tokens.ReadFromUrlAsync(token, http, http.RequestAborted);
    }

    /// <summary>What a request is answered that was to name a user and did not.</summary>
    /// <param name="http">The request.</param>
    /// <param name="problem">What was wrong with its token, where that was read.</param>
    public static IResult Refuse(HttpContext http, Problem? problem) =>
        ApiResults.Of(Of(http) is null ? Problems.NotAuthenticated : problem ?? Problems.InvalidToken);

    // To read one that fails costs its address a login, and one of an issuer may make an account: not on an open route
    // of ours that asks for nobody. What a host's own routes ask for is not known.
    static bool Matters(string token, Endpoint? endpoint) =>
        endpoint?.Metadata is not { } marks || !endpoint.IsOwn()
        || marks.GetMetadata<IAuthorizeData>() is not null || marks.GetMetadata<KeyAccess>() is not null
        || (ApiKeys.IsKey(token) && marks.GetMetadata<RefusesKeys>() is not null);

    /// <summary>Whether it is a route of Cote, and not of its host.</summary>
    public static bool IsOwn(this Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<MethodInfo>()?.Module == typeof(RequestToken).Module;

    static bool IsBearer(string header) => header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    static string? Of(HttpContext http)
    {
        string? header = http.Request.Headers.Authorization;
        if (header is not null)
            return IsBearer(header) ? header[Scheme.Length..].Trim() : null;
        return http.GetEndpoint()?.Metadata.GetMetadata<AllowsQueryToken>() is null ? null
            : (string?)http.Request.Query["token"];
    }
}
