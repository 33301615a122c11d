using System.Reflection;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Http;

/// <summary>Who is asking: bound by itself in any handler of a route that requires authorization.</summary>
/// <param name="Id">The user's id.</param>
/// <param name="SessionId">The session that the access token names.</param>
/// <param name="Expires">When the token stops working.</param>
public sealed record CurrentUser(string Id, string SessionId, Timestamp Expires)
{
    /// <summary>Called by the framework.</summary>
    public static ValueTask<CurrentUser?> BindAsync(HttpContext http, ParameterInfo parameter) =>
        ValueTask.FromResult(Of(http));

    /// <summary>The user of a request, or null where it has no valid token.</summary>
    public static CurrentUser? Of(HttpContext http) => http.Features.Get<CurrentUser>();
}
