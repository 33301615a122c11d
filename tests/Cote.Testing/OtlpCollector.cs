using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Testing;

/// <summary>A span as it was exported.</summary>
/// <param name="Service">The node that exported it, by its <c>service.instance.id</c>.</param>
/// <param name="Scope">The name of its source.</param>
/// <param name="Status">0 unset, 1 ok, 2 error.</param>
/// <param name="Links">The trace ids and span ids of what it links to.</param>
public sealed record SpanSeen(
    string Service, string Scope, string TraceId, string SpanId, string ParentId, string Name, int Status,
    IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<(string TraceId, string SpanId)> Links);

/// <summary>
/// A collector of OpenTelemetry on a loopback port, by <c>http/protobuf</c>: it keeps all, and reads the spans.
/// </summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<SpanSeen> _spans = [];
    readonly ConcurrentDictionary<string, ConcurrentQueue<byte[]>> _bodies = [];

    OtlpCollector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/{signal}", TakeAsync);
    }

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._app.StartAsync();
        return collector;
    }

    public string Url => _app.Urls.First();

    /// <summary>What a server is told to export here at once: settings of the environment.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Url,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "50",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public IReadOnlyList<SpanSeen> Spans => [.. _spans];

    /// <summary>All that came of a signal: <c>traces</c>, <c>metrics</c> or <c>logs</c>.</summary>
    public string TextOf(string signal) =>
        string.Concat((_bodies.GetValueOrDefault(signal) ?? []).Select(Encoding.Latin1.GetString));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    async Task TakeAsync(HttpContext http, string signal)
    {
        using var body = new MemoryStream();
        await (http.Request.Headers.ContentEncoding == "gzip"
            ? new GZipStream(http.Request.Body, CompressionMode.Decompress) : http.Request.Body).CopyToAsync(body);
        var bytes = body.ToArray();
        if (signal == "traces")
            foreach (var span in OtlpSpans.Read(bytes))
                _spans.Enqueue(span);
        _bodies.GetOrAdd(signal, _ => []).Enqueue(bytes);
        http.Response.ContentType = "application/x-protobuf"; // An empty message: all was taken.
    }
}
