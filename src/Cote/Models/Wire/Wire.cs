using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>What a call of a model leaves out, because the model refused it before.</summary>
[Flags]
enum Omissions
{
    None = 0,
    Temperature = 1,
    TopP = 2,
    /// <summary><c>stream_options</c>: usage is not asked for.</summary>
    UsageWish = 4,
    /// <summary>The limit under its older name, <c>max_tokens</c>.</summary>
    MaxTokens = 8,
    /// <summary>The limit under its newer name, <c>max_completion_tokens</c>.</summary>
    MaxCompletionTokens = 16,
    /// <summary>The system prompt is sent as the begin of the first user turn.</summary>
    SystemRole = 32,
    /// <summary>The answer comes as one JSON.</summary>
    Streaming = 64,
    /// <summary>The model gets a line with the name of each image.</summary>
    Images = 128,
    /// <summary><c>reasoning_effort</c> or <c>thinking</c>: the model thinks as it likes.</summary>
    Reasoning = 256,
    /// <summary>The model gets no tools; calls and results of earlier turns are told as text.</summary>
    Tools = 512,
    /// <summary><c>tool_choice</c>: where no tool may be called, none is sent.</summary>
    ToolChoice = 1_024,
    /// <summary>What the model thought before its calls is not given back.</summary>
    PastReasoning = 2_048,
    /// <summary>The model gets a line with the name of each recording.</summary>
    Sound = 4_096,
}

/// <summary>What is asked of a model.</summary>
sealed record WireRequest(
    string Model, string By, IReadOnlyList<Turn> Turns, ChatOptions? Options, Omissions Omitted)
{
    /// <summary>The tools that the model may call.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Tools { get; } =
        (Omitted & Omissions.Tools) != 0
        || (Omitted & Omissions.ToolChoice) != 0 && Options?.ToolMode is NoneChatToolMode ? []
            : [.. Options?.Tools?.OfType<AIFunctionDeclaration>() ?? []];

    /// <summary>Whether it speaks of tools: gives some, or tells of calls.</summary>
    public bool HasTools => Tools is { Count: > 0 } || Turns.Any(x => x.HasCalls);

    public bool Sends(Omissions field) => (Omitted & field) == 0;
}

/// <summary>The JSON of one provider's API: what is sent, and what an answer adds to a reply.</summary>
abstract class Wire
{
    /// <summary>The name of this API.</summary>
    public abstract string Name { get; }

    /// <summary>Where the answers come from.</summary>
    public abstract Uri Endpoint { get; }

    /// <summary>Where the models are listed.</summary>
    public abstract Uri ModelsEndpoint { get; }

    /// <summary>Whether its models may write their thoughts between tags, where the settings do not say.</summary>
    public abstract bool WritesThinkTags { get; }

    /// <summary>What this API does not take, before any refusal.</summary>
    public abstract Omissions NeverSent { get; }

    /// <summary>The headers of each request.</summary>
    public abstract IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>Writes the body of a request.</summary>
    public ReadOnlyMemory<byte> Write(WireRequest request)
    {
        var body = new ArrayBufferWriter<byte>(4_096);
        using (var json = new Utf8JsonWriter(body))
            Write(json, request);
        return body.WrittenMemory;
    }

    /// <summary>Writes the one JSON object of a request.</summary>
    protected abstract void Write(Utf8JsonWriter json, WireRequest request);

    /// <summary>A reader of one answer, which puts everything into <paramref name="reply"/>.</summary>
    public abstract WireAnswer Open(ReplyReader reply);

    /// <summary>The base URL with the rest of the path; a query stays behind it, such as Azure's version.</summary>
    protected static Uri Combine(string baseUrl, string path, string? query = null)
    {
        var uri = new UriBuilder(baseUrl.Trim());
        uri.Path = uri.Path.TrimEnd('/') + path;
        if (query is not null)
            uri.Query = uri.Query.Length > 1 ? $"{uri.Query}&{query}" : query;
        return uri.Uri;
    }
}
