using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Cote;

/// <summary>
/// The user whose access token a request carries. A handler of a route with <c>RequireAuthorization()</c> takes it as
/// a parameter; on another route the parameter may be null.
/// </summary>
/// <param name="Id">The user's id: a UUID in lower case with dashes.</param>
/// <param name="SessionId">The session (one login on one device) that the access token names.</param>
/// <param name="Expires">When the access token stops working, in UTC; a connection that stays open ends then.</param>
public sealed record CurrentUser(string Id, string SessionId, Timestamp Expires)
{
    /// <summary>Called by the framework to bind a handler's parameter.</summary>
    public static ValueTask<CurrentUser?> BindAsync(HttpContext http, ParameterInfo parameter) =>
        ValueTask.FromResult(Of(http));

    /// <summary>The user of a request, or null where it has no valid token.</summary>
    public static CurrentUser? Of(HttpContext http) => http.Features.Get<CurrentUser>();
}
