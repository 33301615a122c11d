using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Cote.Testing;

/// <summary>A call of <c>POST /v1/audio/transcriptions</c>.</summary>
/// <param name="Model">The form's <c>model</c>.</param>
/// <param name="FileName">The name of the file.</param>
/// <param name="Bytes">The file.</param>
/// <param name="Authorization">The header.</param>
public sealed record FakeTranscription(string Model, string FileName, byte[] Bytes, string Authorization);

/// <summary>The transcriptions of the server.</summary>
public sealed partial class FakeModelServer
{
    /// <summary>Every transcription so far, oldest first.</summary>
    public ConcurrentQueue<FakeTranscription> Transcriptions { get; } = new();

    /// <summary>Status and JSON of the answer to a transcription.</summary>
    public Func<FakeTranscription, Task<(int Status, string Json)>> Transcribe { get; set; } =
        _ => Task.FromResult((404, "{}"));

    async Task ServeTranscription(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(_stopping.Token);
        var file = form.Files["file"]!;
        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, _stopping.Token);
        var asked = new FakeTranscription(
            form["model"].ToString(), file.FileName, bytes.ToArray(), context.Request.Headers.Authorization.ToString());
        Transcriptions.Enqueue(asked);
        (context.Response.StatusCode, var json) = await Transcribe(asked);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json, _stopping.Token);
    }
}
