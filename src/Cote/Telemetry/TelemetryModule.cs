using Cote.Data;
using Cote.Http;
using Cote.Notices;
using Cote.Replies;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cote.Telemetry;

static class TelemetryModule
{
    public static void AddTelemetry(this WebApplicationBuilder builder, MetricsOptions options)
    {
        var usesOtlp = UsesOtlp(builder.Configuration);
        if (usesOtlp || IsServed(options))
        {
            Export.Add(builder, options, usesOtlp);
            builder.Services.AddHostedService<ZeroCounters>();
        }
        if (!options.Prometheus)
            return;
        builder.Services.AddSingleton<Scrape>().AddSingleton(new ApiPart(api =>
            api.Operation(nameof(GetMetrics)).Answers(200, "The metrics in the text format of Prometheus")
                .Refuses(Problems.AdminOnly)));
    }

    /// <summary>Comes first: what comes through the port of the metrics meets nothing else.</summary>
    public static void UseTelemetry(this WebApplication app, MetricsOptions options)
    {
        if (!IsServed(options))
            return;
        var scrape = Export.ScrapeOf(app);
        if (options.Prometheus)
            app.Services.GetRequiredService<Scrape>().Answer = scrape;
        if (options.PrometheusPort is not null)
            app.MapWhen(MetricsPort.IsUsed, port =>
                port.UseMiddleware<ErrorHandler>().Run(http => MetricsPort.AnswerAsync(http, scrape)));
    }

    public static void MapTelemetry(this WebApplication app, MetricsOptions options)
    {
        if (options.Prometheus)
            app.MapGet(MetricsPort.Path, GetMetrics.Handle).RequireAuthorization().AllowsKeys(KeyScopes.Metrics)
                .Produces<string>(200, "text/plain").WithTags("Health").WithSummary("The metrics, for Prometheus");
    }

    static bool IsServed(MetricsOptions options) => options.Prometheus || options.PrometheusPort is not null;

    static bool UsesOtlp(ConfigurationManager configuration) =>
        configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 }
        && !string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Begins counters at 0, once somebody listens.</summary>
sealed class ZeroCounters(WebhookEndpoints endpoints) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        DataMetrics.ShowZeros();
        HttpMetrics.ShowZeros();
        ReplyMetrics.ShowZeros();
        NoticeMetrics.ShowZeros(endpoints.Names);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Writes the metrics as an answer.</summary>
sealed class Scrape
{
    public RequestDelegate? Answer { get; set; }
}

/// <summary>
/// <c>GET /metrics</c>: for admins. The role is read for each request: it may have been taken away since the key was
/// made.
/// </summary>
static class GetMetrics
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, UserStore users, Scrape scrape, CancellationToken ct)
    {
        if (await users.FindAsync(user.Id, ct) is not { IsAdmin: true })
            return ApiResults.Of(Problems.AdminOnly);
        await scrape.Answer!(http);
        return Results.Empty;
    }
}
