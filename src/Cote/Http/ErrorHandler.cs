using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Cote.Http;

/// <summary>
/// Outermost: gives every answer its request id and its security headers, turns what was thrown or left empty into
/// the one error shape, and writes the request log. The log holds the path, without tokens of shares, and never the
/// query: tokens stand there.
/// </summary>
sealed class ErrorHandler(RequestDelegate next, Clock clock, ILoggerFactory logs)
{
    readonly ILogger _log = logs.CreateLogger("Cote.Requests");

    public async Task InvokeAsync(HttpContext http)
    {
        var began = clock.Ticks;
        var headers = http.Response.Headers;
        headers["X-Request-Id"] = http.TraceIdentifier = clock.NewId();
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        try
        {
            await next(http);
            if (Unanswered(http) is { } problem)
                await ApiResults.Of(problem).ExecuteAsync(http);
        }
        catch (Exception error) when (IsConnectionClosed(error, http))
        {
            _log.RequestAborted(http.Request.Method, SharedPaths.Logged(http.Request.Path), http.TraceIdentifier);
            return;
        }
#pragma warning disable CA1031 // The last resort: a client may learn the kind of an error and nothing else of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await AnswerAsync(http, error);
        }
        if (_log.IsEnabled(LogLevel.Debug))
            _log.RequestCompleted(http.Request.Method, SharedPaths.Logged(http.Request.Path), http.Response.StatusCode,
                clock.Since(began).TotalMilliseconds, http.TraceIdentifier);
    }

    async Task AnswerAsync(HttpContext http, Exception error)
    {
        var problem = error switch
        {
            ProblemException expected => expected.Problem,
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problems.TooLarge,
            BadHttpRequestException bad => new Problem(bad.StatusCode, "bad_request", "The request could not be read"),
            _ => Problems.Internal,
        };
        if (problem.Status == StatusCodes.Status500InternalServerError)
            _log.RequestFailed(error, http.Request.Method, SharedPaths.Logged(http.Request.Path), http.TraceIdentifier);
        if (http.Response.HasStarted)
        {
            http.Abort(); // half an answer is worse than none: the client must see that it broke
            return;
        }
        http.Response.Headers.ContentLength = null;
        await ApiResults.Of(problem).ExecuteAsync(http);
    }

    // A body that is half read when its connection ends, by the client or by a server that stops, is no fault of the
    // program. The exception may come before RequestAborted is set, and holds the reason as its inner one.
    static bool IsConnectionClosed(Exception error, HttpContext http)
    {
        if (error is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
            return true;
        for (var reason = error; reason is not null; reason = reason.InnerException)
            if (reason is ConnectionAbortedException or ConnectionResetException)
                return true;
        return false;
    }

    static Problem? Unanswered(HttpContext http) =>
        http.Response.HasStarted || http.Response.StatusCode < 400 || http.Response.ContentLength > 0
        || http.Response.ContentType is not null
            ? null
            : http.Response.StatusCode switch
            {
                401 => Problems.NotAuthenticated,
                404 => Problems.NotFound,
                405 => Problems.MethodNotAllowed,
                413 => Problems.TooLarge,
                426 => Problems.UpgradeRequired,
                500 => Problems.Internal,
                var status => new Problem(status, "http_" + status, ReasonPhrases.GetReasonPhrase(status)),
            };
}
