using System.Diagnostics.Metrics;
using System.Reflection;
using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Cote.Telemetry;

/// <summary>
/// The one class that names the packages of OpenTelemetry: where nothing is exported it is not used, and they are not
/// loaded.
/// </summary>
static class Export
{
    /// <summary>Of the framework and the driver beside Cote's own.</summary>
    static readonly string[] Meters =
    [
        Instruments.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http",
        "System.Runtime", "Npgsql",
    ];

    // The host is not among them: those that users name for their devices are many, and theirs.
    static readonly string[] ClientLabels =
    [
        "http.request.method", "http.response.status_code", "error.type", "network.protocol.version",
        "http.connection.state",
    ];

    // Their names end as those of histograms do, which promtool refuses.
    static readonly string[] Unused = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    public static void Add(WebApplicationBuilder builder, MetricsOptions options, bool usesOtlp)
    {
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(x => Name(x, builder.Configuration))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters).AddView(ViewOf);
                if (options.Prometheus || options.PrometheusPort is not null)
                    metrics.AddPrometheusExporter();
            });
        if (!usesOtlp)
            return;
        builder.Services.Configure<OpenTelemetryLoggerOptions>(x => x.IncludeFormattedMessage = true);
        // The sampler is the one that OTEL_TRACES_SAMPLER names.
        telemetry.WithTracing(x => x.AddSource(Instruments.Name).AddAspNetCoreInstrumentation(Trace)).WithLogging()
            .UseOtlpExporter();
    }

    /// <summary>What writes the metrics in the form of Prometheus as the answer to a request.</summary>
    public static RequestDelegate ScrapeOf(IApplicationBuilder app)
    {
        var branch = app.New();
        branch.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true);
        return branch.Build();
    }

    static MetricStreamConfiguration? ViewOf(Instrument instrument) =>
        Unused.Contains(instrument.Name) ? MetricStreamConfiguration.Drop
        : instrument.Meter.Name == "System.Net.Http" ? new() { TagKeys = ClientLabels } : null;

    static void Name(ResourceBuilder resource, ConfigurationManager configuration)
    {
        if (configuration["OTEL_SERVICE_NAME"] is not { Length: > 0 }
            && configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) != true)
            resource.AddService("cote", serviceVersion: Version);
    }

    static string Version => typeof(Export).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    static void Trace(AspNetCoreTraceInstrumentationOptions tracing)
    {
        tracing.Filter = x => IsTraced(x.Request.Path);
        tracing.EnrichWithHttpRequest = (span, _) => span.SetTag("url.query", null);
        // In a path stand ids, and in that of a share its token.
        tracing.EnrichWithHttpResponse = (span, response) => span.SetTag(
            "url.path", (response.HttpContext.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
    }

    // What is asked all the time, and what is open for hours.
    static bool IsTraced(PathString path) => !path.StartsWithSegments("/health") && path != MetricsPort.Path
        && path.Value?.TrimEnd('/') is { } text && !text.Equals("/ws", StringComparison.OrdinalIgnoreCase)
        && !text.EndsWith("/events", StringComparison.OrdinalIgnoreCase)
        && !text.EndsWith("/stream", StringComparison.OrdinalIgnoreCase);
}
