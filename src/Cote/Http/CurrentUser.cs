using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Cote;

/// <summary>
/// The user whose access token or API key a request carries. A handler of a route with <c>RequireAuthorization()</c>
/// takes it as a parameter; on another route the parameter may be null.
/// </summary>
/// <param name="Id">The user's id: a UUID in lower case with dashes.</param>
/// <param name="SessionId">The session (one login on one device) that the access token names; null for a key.</param>
/// <param name="Expires">When the access token or key stops working, in UTC, far away for a key without an end; a
/// connection that stays open ends then.</param>
public sealed record CurrentUser(string Id, string? SessionId, Timestamp Expires)
{
    /// <summary>The key that the request carries; null for an access token.</summary>
    internal KeyGrant? Key { get; init; }

    /// <summary>What is revoked to end this: the session's id or the key's.</summary>
    internal string CredentialId => SessionId ?? Key!.Id;

    /// <summary>Whether it may do what needs a scope of <see cref="KeyScopes"/>: a session may do all.</summary>
    public bool Allows(string scope) => Key is null || Key.Scopes.Contains(scope);

    /// <summary>Called by the framework to bind a handler's parameter.</summary>
    public static ValueTask<CurrentUser?> BindAsync(HttpContext http, ParameterInfo parameter) =>
        ValueTask.FromResult(Of(http));

    /// <summary>The user of a request, or null where it has no valid token or key.</summary>
    public static CurrentUser? Of(HttpContext http) => http.Features.Get<CurrentUser>();
}

/// <summary>An API key and what it may do.</summary>
sealed record KeyGrant(string Id, IReadOnlyList<string> Scopes);
