using System.Buffers;
using System.Text;
using Cote.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// The answer of a call through the gateway: to its client as it comes, and, where the client gave the call a key, kept
/// for the next one who asks with it.
/// </summary>
/// <param name="http">The request.</param>
/// <param name="isKept">Whether it is kept: then it goes on without its client.</param>
sealed class GatewayOutput(HttpContext http, bool isKept)
{
    // An answer with pictures may be longer: the key then says that it was.
    const int MostKept = 4 * 1_048_576;

    const string EventStream = "text/event-stream";
    const string Json = "application/json; charset=utf-8";

    readonly ArrayBufferWriter<byte> _kept = new(isKept ? 1024 : 1);
    bool _isTooLong;

    /// <summary>Whether it goes on without its client.</summary>
    public bool IsKept => isKept;

    /// <summary>Whether a model may have run for it: then the key stands for it, be it whole or not.</summary>
    public bool MayHaveRun { get; set; }

    /// <summary>Whether anything was answered.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the answer is over, as it should be.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The status of the answer.</summary>
    public int Status { get; private set; } = StatusCodes.Status200OK;

    /// <summary>The type of the answer.</summary>
    public string ContentType { get; private set; } = Json;

    /// <summary>The bytes of the answer; null where they are too many to be kept.</summary>
    public byte[]? Kept => _isTooLong ? null : _kept.WrittenSpan.ToArray();

    /// <summary>Answers with one JSON.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> json, int status, CancellationToken ct) =>
        WriteAsync(json, Json, status, ct);

    /// <summary>Answers with one body of any type.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> body, string contentType, int status, CancellationToken ct)
    {
        (HasBegun, HasEnded, Status, ContentType) = (true, true, status, contentType);
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        Keep(body.Span);
        await SendAsync(body, ct);
    }

    /// <summary>Writes one event of a stream, and the headers before the first.</summary>
    public async Task WriteEventAsync(string? type, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        if (!HasBegun)
            BeginStream(http);
        (HasBegun, ContentType) = (true, EventStream);
        var frame = new ArrayBufferWriter<byte>(data.Length + 32);
        if (type is not null)
        {
            frame.Write("event: "u8);
            Encoding.UTF8.GetBytes(type, frame);
            frame.Write("\n"u8);
        }
        foreach (var line in Lines(data))
        {
            frame.Write("data: "u8);
            frame.Write(line.Span);
            frame.Write("\n"u8);
        }
        frame.Write("\n"u8);
        Keep(frame.WrittenSpan);
        await SendAsync(frame.WrittenMemory, ct);
    }

    /// <summary>Ends a stream as complete.</summary>
    /// <param name="saysDone">Whether the dialect has a last event that says so.</param>
    /// <param name="ct">Cancels the write.</param>
    public async Task EndAsync(bool saysDone, CancellationToken ct)
    {
        if (saysDone)
            await WriteEventAsync(null, "[DONE]"u8.ToArray(), ct);
        HasEnded = true;
    }

    /// <summary>
    /// Answers with an error: by its status where nothing was answered yet, else as the last event of the stream, which
    /// then ends without the word that it is complete.
    /// </summary>
    /// <param name="error">The error.</param>
    /// <param name="type">The type of the event, or null.</param>
    /// <param name="ct">Cancels the write.</param>
    public async Task FailAsync(OpenAIError error, string? type, CancellationToken ct)
    {
        if (HasBegun)
        {
            await WriteEventAsync(type, type is null ? error.ToJson() : error.ToEvent(), ct);
            HasEnded = true;
            return;
        }
        error.WriteHeaders(http);
        await WriteAsync(error.ToJson(), error.Status, ct);
    }

    /// <summary>The answer is not the call's: it is not kept.</summary>
    public void Forget() => HasEnded = false;

    /// <summary>Answers with what was kept of the first call.</summary>
    public static async Task ReplayAsync(HttpContext http, int status, string contentType, byte[] body)
    {
        http.Response.Headers["Idempotent-Replayed"] = "true";
        if (contentType == EventStream)
            BeginStream(http);
        else
            http.Response.ContentLength = body.Length;
        if (status >= StatusCodes.Status400BadRequest)
            http.Response.Headers["x-should-retry"] = "false";
        (http.Response.StatusCode, http.Response.ContentType) = (status, contentType);
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    static void BeginStream(HttpContext http)
    {
        var response = http.Response;
        response.ContentType = EventStream;
        response.Headers.CacheControl = "no-cache, no-transform";
        response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    void Keep(ReadOnlySpan<byte> bytes)
    {
        if (!isKept || _isTooLong)
            return;
        _isTooLong = _kept.WrittenCount + bytes.Length > MostKept;
        if (!_isTooLong)
            _kept.Write(bytes);
    }

    async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (isKept && http.RequestAborted.IsCancellationRequested)
            return;
        try
        {
            await http.Response.Body.WriteAsync(bytes, ct);
            await http.Response.Body.FlushAsync(ct);
        }
        catch (Exception error) when (isKept && error is IOException or OperationCanceledException
            && http.RequestAborted.IsCancellationRequested)
        {
            // The client left; the answer is kept for its next request.
        }
    }

    // An event whose JSON was written over several lines has a field for each.
    static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> data)
    {
        for (int end; (end = data.Span.IndexOf((byte)'\n')) >= 0; data = data[(end + 1)..])
            yield return data[..end];
        yield return data;
    }
}
