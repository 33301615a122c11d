using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Http;

/// <summary>
/// Logs the first CORS preflight that is refused: a browser shows its developer an error that names no setting of the
/// server. Only the first, because anybody can send them.
/// </summary>
sealed class RefusedPreflights(RequestDelegate next, ILoggerFactory logs)
{
    const int LongestOrigin = 200;

    readonly ILogger _log = logs.CreateLogger("Cote.Requests");
    int _refused;

    public Task InvokeAsync(HttpContext http) =>
        HttpMethods.IsOptions(http.Request.Method) && _refused == 0
        && http.Request.Headers.Origin is [{ Length: > 0 } origin]
            && http.Request.Headers.AccessControlRequestMethod.Count > 0
            ? WatchAsync(http, origin) : next(http);

    async Task WatchAsync(HttpContext http, string origin)
    {
        await next(http);
        if (http.Response.Headers.AccessControlAllowOrigin.Count == 0 && Interlocked.Exchange(ref _refused, 1) == 0)
            _log.PreflightRefused(Excerpt.Of(origin, LongestOrigin));
    }
}
