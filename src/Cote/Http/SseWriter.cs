using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Http;

/// <summary>
/// Writes server-sent events. Our own, because the framework's result can write no comments, and a proxy that sees
/// nothing for a minute cuts the line.
/// </summary>
sealed class SseWriter(HttpResponse response)
{
    readonly PipeWriter _writer = response.BodyWriter;

    /// <summary>
    /// Writes the headers and a first line, to be flushed at once: a proxy holds the headers until it has seen
    /// something. The line tells a browser to reconnect after a second, where its default is three.
    /// </summary>
    public void Start()
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-transform";
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        _writer.Write(": ok\nretry: 1000\n\n"u8);
    }

    /// <summary>Adds an event; <paramref name="data"/> has no line break, as JSON never has.</summary>
    public void Write(string type, ReadOnlyMemory<byte> data, string? id = null)
    {
        _writer.Write("event: "u8);
        Encoding.UTF8.GetBytes(type, _writer);
        if (id is not null)
        {
            _writer.Write("\nid: "u8);
            Encoding.UTF8.GetBytes(id, _writer);
        }
        _writer.Write("\ndata: "u8);
        _writer.Write(data.Span);
        _writer.Write("\n\n"u8);
    }

    /// <summary>Adds an event without a name, as other dialects have them.</summary>
    public void WriteData(ReadOnlySpan<byte> data)
    {
        _writer.Write("data: "u8);
        _writer.Write(data);
        _writer.Write("\n\n"u8);
    }

    public void Comment() => _writer.Write(": \n\n"u8);

    public async ValueTask FlushAsync(CancellationToken ct) => await _writer.FlushAsync(ct);

    /// <summary>Ends the answer: what was written goes out in one piece with its end.</summary>
    public async ValueTask EndAsync(CancellationToken ct)
    {
        await response.CompleteAsync();
        ct.ThrowIfCancellationRequested();
    }
}
