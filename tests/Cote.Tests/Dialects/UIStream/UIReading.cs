using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Dialects.UIStream;

/// <summary>A UI message stream, one chunk at a time.</summary>
public sealed class UIReader(HttpResponseMessage response, Stream stream) : IAsyncDisposable
{
    readonly StreamReader _reader = new(stream, Encoding.UTF8);

    public HttpResponseMessage Response => response;

    /// <summary>The chunks so far.</summary>
    public List<JsonElement> Chunks { get; } = [];

    /// <summary>Whether the stream came to its own end.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The reply's id.</summary>
    public string MessageId => Chunks[0].Text("messageId");

    /// <summary>The next chunk; null at the end of the response.</summary>
    public async Task<JsonElement?> NextAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Deadline);
        while (await _reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            IsDone.ShouldBeFalse("nothing comes after the end");
            IsDone = line == "data: [DONE]";
            if (!IsDone)
            {
                Chunks.Add(JsonElement.Parse(line[6..]));
                return Chunks[^1];
            }
        }
        return null;
    }

    /// <summary>Reads up to a chunk that fits.</summary>
    public async Task UntilAsync(Func<JsonElement, bool> fits)
    {
        while (!fits((await NextAsync()).ShouldNotBeNull()))
        {
        }
    }

    /// <summary>Reads until this much text has come.</summary>
    public Task UntilTextAsync(string text) => UntilAsync(_ => string.Concat(
        Chunks.Where(x => x.Text("type").EndsWith("-delta", StringComparison.Ordinal)).Select(x => x.Text("delta")))
        .EndsWith(text, StringComparison.Ordinal));

    /// <summary>Reads to the end, and gives the shape of all.</summary>
    public async Task<List<string>> ToEndAsync()
    {
        while (await NextAsync() is not null)
        {
        }
        IsDone.ShouldBeTrue("the stream says that it is whole");
        return Shape();
    }

    /// <summary>
    /// The chunks in short: deltas of one part are one, ids of calls are without the reply's, and what differs from run
    /// to run is left out.
    /// </summary>
    public List<string> Shape()
    {
        var shape = new List<string>();
        var lastId = "";
        foreach (var chunk in Chunks)
        {
            var type = chunk.Text("type");
            if (type.EndsWith("-delta", StringComparison.Ordinal) && shape[^1].StartsWith(type)
                && lastId == IdOf(chunk))
                shape[^1] += chunk.Text("delta");
            else
                shape.Add(DetailOf(chunk, type) is { Length: > 0 } detail ? $"{type} {detail}" : type);
            lastId = IdOf(chunk);
        }
        return shape;
    }

    static string IdOf(JsonElement chunk) => chunk.TryGetProperty("id", out var id) ? id.ToString() : "";

    string DetailOf(JsonElement chunk, string type) => type switch
    {
        "text-delta" or "reasoning-delta" => chunk.Text("delta"),
        "tool-input-available" => $"{CallOf(chunk)} {chunk.Text("toolName")} "
            + chunk.GetProperty("input").GetRawText()
            + (chunk.TryGetProperty("dynamic", out _) ? " dynamic" : "")
            + (chunk.TryGetProperty("providerExecuted", out _) ? " executed" : ""),
        "tool-output-available" => $"{CallOf(chunk)} {chunk.GetProperty("output").GetRawText()}",
        "tool-output-error" => $"{CallOf(chunk)} {chunk.Text("errorText")}",
        "tool-output-denied" or "tool-approval-request" => CallOf(chunk),
        "tool-approval-response" =>
            $"{chunk.Text("approvalId").Replace(MessageId + "_", "")} {chunk.GetProperty("approved")}",
        "source-url" => $"{chunk.Text("url")} {chunk.Text("title")}",
        "file" => chunk.Text("mediaType"),
        "finish" => chunk.Text("finishReason"),
        "error" => chunk.Text("errorText"),
        _ => "",
    };

    string CallOf(JsonElement chunk) => chunk.Text("toolCallId").Replace(MessageId + "_", "");

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>What a page with useChat sends.</summary>
public static class UIRequests
{
    public static object User(string id, string text, params object[] files) =>
        new { id, role = "user", parts = (object[])[.. files, new { type = "text", text }] };

    /// <summary>A reply as the page shows it, with its calls.</summary>
    public static object Assistant(string id, params object[] parts) =>
        new { id, role = "assistant", parts = (object[])[new { type = "step-start" }, .. parts] };

    public static object Allowed(
        string reply, string call, bool approved, string? reason = null, string tool = "send") => new
        {
            type = "dynamic-tool",
            toolName = tool,
            toolCallId = $"{reply}_{call}",
            state = "approval-responded",
            input = new { },
            approval = new { id = $"{reply}_{call}", approved, reason },
        };

    public static object Returned(string reply, string call, object? output, string tool = "place") => new
    {
        type = "tool-" + tool,
        toolCallId = $"{reply}_{call}",
        state = "output-available",
        input = new { },
        output,
    };

    public static object Body(string id, params object[] messages) =>
        new { id, messages, trigger = "submit-message" };

    public static Task<UIReader> ChatAsync(this CoteClient client, object body) =>
        client.ReadAsync(HttpMethod.Post, "/api/chat", body);

    public static Task<UIReader> ResumeAsync(this CoteClient client, string id) =>
        client.ReadAsync(HttpMethod.Get, $"/api/chat/{id}/stream");

    static async Task<UIReader> ReadAsync(
        this CoteClient client, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.Url, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if ((int)response.StatusCode != 200)
            throw new InvalidOperationException(
                $"No stream: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        response.Headers.GetValues("x-vercel-ai-ui-message-stream").ShouldBe(["v1"]);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return new(response, await response.Content.ReadAsStreamAsync());
    }

    static readonly HttpClient Http = new() { Timeout = Patience.Deadline };
}
