using System.Text;
using Cote.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Models.Wire;

/// <summary>A client of each wire, a scripted model server, and what an answer comes to.</summary>
public abstract class WireTests : IAsyncLifetime
{
    protected static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Wires => ["openai", "anthropic"];

    protected FakeModelServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await FakeModelServer.Start();

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<Answer> AskAsync(FakeReply reply, string wire = "openai")
    {
        Server.Script = reply;
        return await AskAsync(Client(wire), [new(ChatRole.User, "Hi")]);
    }

    // What a model call makes of a client: without a finish reason the answer broke off, behind one nothing counts.
    protected static async Task<Answer> AskAsync(
        IChatClient client, IEnumerable<ChatMessage> prompt, ChatOptions? options = null)
    {
        var text = new StringBuilder();
        var thoughts = new StringBuilder();
        string? finish = null;
        UsageDetails? usage = null;
        using var limit = new CancellationTokenSource(Deadline);
        try
        {
            await foreach (var update in client.GetStreamingResponseAsync(prompt, options, limit.Token))
            {
                text.Append(update.Text);
                foreach (var thought in update.Contents.OfType<TextReasoningContent>())
                    thoughts.Append(thought.Text);
                finish ??= update.FinishReason?.Value;
                usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
            }
        }
        catch (Exception error)
        {
            limit.Token.ThrowIfCancellationRequested();
            return new(text.ToString(), finish, ModelFault.Of(error), usage, thoughts.ToString());
        }
        return new(text.ToString(), finish, finish is null ? ModelFault.Truncated : null, usage, thoughts.ToString());
    }

    // All that an answer is made of, signs of life left out; each event is one of the strings. What goes over the bare
    // socket must be short: the server closes it hard behind the last byte.
    protected async Task<List<AIContent>> ContentsAsync(string wire, params string[] events)
    {
        Server.Script = wire == "anthropic" ? FakeReply.Bytes(Raw.Open(Raw.Events(events)))
            : events.Aggregate(FakeReply.Text(), (reply, x) => reply.ThenRaw(x)).ThenNothing();
        var updates = await Client(wire).GetStreamingResponseAsync("Hi").ToListAsync().AsTask().InTimeAsync();
        return [.. updates.SelectMany(x => x.Contents).Where(x => x is not ToolCallProgress)];
    }

    // The messages of a call with this prompt, as they go over the wire.
    protected async Task<FakeRequest> SentAsync(
        string wire, ChatOptions? options, params IEnumerable<ChatMessage> prompt)
    {
        (await AskAsync(Client(wire), prompt, options)).Fault.ShouldBeNull();
        return Server.Requests[^1];
    }

    protected IChatClient Client(string wire = "openai", string? url = null, string? key = "sk-secret\n",
        int? maxTokens = null) =>
        Open(wire, Options(wire, url ?? (wire == "openai" ? Server.OpenAiUrl : Server.AnthropicUrl), key, maxTokens));

    protected static IChatClient Open(string wire, ProviderOptions options) => new WireChatClient(wire, "fake",
        options is OpenAIOptions openai ? new OpenAIWire(openai) : new AnthropicWire((AnthropicOptions)options),
        new ModelHttp(TimeProvider.System), NullLogger.Instance);

    protected static ProviderOptions Options(string wire, string url, string? key, int? maxTokens = null)
    {
        ProviderOptions options = wire == "openai" ? new OpenAIOptions() : new AnthropicOptions();
        options.ApiKey = key is null ? null : new Secret(key);
        options.BaseUrl = url;
        options.MaxTokens = maxTokens;
        return options;
    }
}

/// <summary>What became of one answer.</summary>
public sealed record Answer(string Text, string? Finish, ModelFault? Fault, UsageDetails? Usage, string Thoughts);

/// <summary>The bytes of answers.</summary>
static class Raw
{
    public const string Whole = """{"choices":[{"index":0,"delta":{"content":"whole answer"},"finish_reason":null}]}""";
    public const string Called = """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""";
    public const string Stop = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    /// <summary>A body that ends where the connection does.</summary>
    public static byte[] Open(string body, string head = "Content-Type: text/event-stream") =>
        [.. Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\n{head}\r\nConnection: close\r\n\r\n"),
            .. Encoding.UTF8.GetBytes(body)];

    /// <summary>A body whose length is told.</summary>
    public static byte[] Sized(byte[] body, string status = "200 OK", string head = "Content-Type: application/json") =>
        [.. Encoding.UTF8.GetBytes(
            $"HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body];

    public static byte[] Sized(string body, string status = "200 OK", string head = "Content-Type: application/json") =>
        Sized(Encoding.UTF8.GetBytes(body), status, head);

    /// <summary>A body in one chunk, without the chunk that ends it.</summary>
    public static byte[] Chunked(string body, int missing = 0)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return [.. Encoding.UTF8.GetBytes(
            $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
                + $"chunked\r\n\r\n{bytes.Length + missing:x}\r\n"),
            .. bytes, .. missing == 0 ? "\r\n"u8.ToArray() : []];
    }

    public static string Events(params ReadOnlySpan<string> data)
    {
        var body = new StringBuilder();
        foreach (var x in data)
            body.Append("data: ").Append(x).Append("\n\n");
        return body.ToString();
    }

    /// <summary>A chunk with these members of its choice.</summary>
    public static string Choice(string members) => $$"""{"choices":[{"index":0,{{members}}}]}""";

    public static string Said(string text) => Choice($$"""
        "delta":{"content":"{{text}}"}
        """.Trim());

    /// <summary>Anthropic's events up to this one.</summary>
    public static string Claude(string text, string? stop = null, string tail = "") =>
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n"
        + $"data: {{\"type\":\"content_block_delta\",\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n"
        + (stop is null ? ""
            : $"data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{stop}\"}},\"usage\":{{\"output_tokens\":2}}}}\n\n")
        + tail;
}
