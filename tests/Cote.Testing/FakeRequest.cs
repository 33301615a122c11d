using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Cote.Testing;

/// <summary>One call as it came in.</summary>
public sealed class FakeRequest
{
    readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _claimed;

    FakeRequest(string wire, string connection, JsonElement body, Dictionary<string, string> headers)
    {
        Connection = connection;
        Wire = wire;
        Body = body;
        Headers = headers;
    }

    /// <summary><c>openai</c> or <c>anthropic</c>.</summary>
    public string Wire { get; }

    /// <summary>The same for calls that came over the same TCP connection.</summary>
    public string Connection { get; }

    /// <summary>The whole body.</summary>
    public JsonElement Body { get; }

    /// <summary>Names without regard to case.</summary>
    public Dictionary<string, string> Headers { get; }

    public string Model => Body.GetProperty("model").GetString()!;

    /// <summary>The messages as they stand in the body; Anthropic's system prompt is beside them.</summary>
    public JsonElement Messages => Body.GetProperty("messages");

    /// <summary>Ends when the client has closed the connection before the reply was over.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Ends when the script has been played to its end.</summary>
    public Task Ended => _ended.Task;

    internal bool WantsUsage =>
        Body.TryGetProperty("stream_options", out var options) && options.GetProperty("include_usage").GetBoolean();

    internal bool Claim() => Interlocked.Exchange(ref _claimed, 1) == 0;

    internal void Close() => _closed.TrySetResult();

    internal void End() => _ended.TrySetResult();

    internal static async Task<FakeRequest> Read(HttpContext context, string wire)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        return new(wire, context.Connection.Id, body.RootElement.Clone(), context.Request.Headers
            .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
    }
}
