using System.Net;
using System.Net.Sockets;
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
    /// <param name="options">Names address and port.</param>
    /// <param name="others">What else the server listens on: connections are told apart by the port alone.</param>
    /// <exception cref="StartupException">Another one has this port.</exception>
    public static string? UrlOf(MetricsOptions options, IEnumerable<string> others)
    {
        if (options.PrometheusPort is not { } port)
            return null;
        if (others.FirstOrDefault(x => BindingAddress.Parse(x).Port == port) is { } other)
            throw new StartupException(
                $"Cote__Metrics__PrometheusPort is {port}, which {other} has already. Give the metrics another port.");
        var isSix = IPAddress.TryParse(options.PrometheusAddress, out var address)
            && address.AddressFamily == AddressFamily.InterNetworkV6;
        return $"http://{(isSix ? $"[{address}]" : options.PrometheusAddress)}:{port}";
    }

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
