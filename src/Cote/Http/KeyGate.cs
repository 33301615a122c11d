using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Cote.Http;

/// <summary>The scopes that a key needs for a route, all of them.</summary>
sealed record KeyAccess(IReadOnlyList<string> Scopes)
{
    public bool HandlerChecks { get; init; }
}

/// <summary>Marks an open route that refuses keys all the same.</summary>
sealed class RefusesKeys;

/// <summary>Refuses keys on routes that are not open to them, and keys without the scopes of those that are.</summary>
static class KeyGate
{
    public static Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        if (CurrentUser.Of(http) is not { Key: not null } user)
            return next(http);
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<KeyAccess>() is { } access)
            return access.HandlerChecks || access.Scopes.All(user.Allows)
                ? next(http) : ApiResults.Of(Problems.InsufficientScope).ExecuteAsync(http);
        if (metadata?.GetMetadata<IAuthorizeData>() is not null || metadata?.GetMetadata<RefusesKeys>() is not null)
            return ApiResults.Of(Problems.InsufficientScope).ExecuteAsync(http);
        // An open route may ask who calls all the same: to one that nobody has opened to keys, nobody does.
        http.Features.Set<CurrentUser>(null);
        http.User = new ClaimsPrincipal();
        return next(http);
    }
}
