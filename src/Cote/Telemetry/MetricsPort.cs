using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Cote.Telemetry;

/// <summary>The port that serves the metrics and nothing else.</summary>
static class MetricsPort
{
    public const string Path = "/metrics";

    /// <summary>Marks the connections that come through the port.</summary>
    sealed class MetricsConnection;

    /// <summary>What the server listens on for it; null where there is no such port.</summary>
    public static string? UrlOf(MetricsOptions options) =>
        options.PrometheusPort is { } port ? $"http://{options.PrometheusAddress}:{port}" : null;

    public static void Mark(ListenOptions listen, MetricsOptions options)
    {
        if (listen.IPEndPoint?.Port is { } port && port == options.PrometheusPort)
            listen.Use(next => connection =>
            {
                connection.Features.Set(new MetricsConnection());
                return next(connection);
            });
    }

    public static bool IsUsed(HttpContext http) => http.Features.Get<MetricsConnection>() is not null;

    /// <summary>Answers all that comes through the port.</summary>
    public static Task AnswerAsync(HttpContext http, RequestDelegate scrape)
    {
        if (http.Request.Path == Path && HttpMethods.IsGet(http.Request.Method))
            return scrape(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
