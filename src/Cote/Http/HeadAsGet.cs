using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Cote.Http;

/// <summary>
/// HEAD answers as GET does, without the body, which Kestrel leaves out. A route with a HEAD of its own keeps it, and a
/// stream has none: it would end only when the client leaves.
/// </summary>
static class HeadAsGet
{
    sealed class WasHead;

    /// <summary>
    /// Adds it after routing; routing runs again for what it takes over, and at once passes on all else.
    /// </summary>
    public static void UseHeadAsGet(this IApplicationBuilder app)
    {
        app.Use((http, next) =>
        {
            if (IsUnmatchedHead(http))
            {
                http.Request.Method = HttpMethods.Get;
                http.SetEndpoint(null);
                http.Features.Set(new WasHead());
            }
            return next(http);
        });
        app.UseRouting();
        app.Use((http, next) =>
        {
            if (http.Features.Get<WasHead>() is null || !http.GetEndpoint().Streams())
                return next(http);
            http.Response.Headers.Allow = HttpMethods.Get;
            return ApiResults.Of(Problems.MethodNotAllowed).ExecuteAsync(http);
        });
    }

    // Where a path has routes for other methods only, routing answers with an endpoint of its own.
    static bool IsUnmatchedHead(HttpContext http) =>
        HttpMethods.IsHead(http.Request.Method) && http.GetEndpoint() is not (null or RouteEndpoint);

    static bool Streams(this Endpoint? endpoint) =>
        endpoint?.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
        .Any(x => x.ContentTypes.Contains("text/event-stream")) == true;
}
