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
    /// <summary><c>reasoning_effort</c>: the model thinks as it likes.</summary>
    Reasoning = 256,
}

/// <summary>What is asked of a model.</summary>
sealed record WireRequest(string Model, IReadOnlyList<Turn> Turns, ChatOptions? Options, Omissions Omitted)
{
    public bool Sends(Omissions field) => (Omitted & field) == 0;
}

/// <summary>The JSON of one provider's API: what is sent, and what an answer adds to a reply.</summary>
abstract class Wire
{
    /// <summary>Where the answers come from.</summary>
    public abstract Uri Endpoint { get; }

    /// <summary>What this API does not take, before any refusal.</summary>
    public abstract Omissions NeverSent { get; }

    /// <summary>The headers of each request.</summary>
    public abstract IEnumerable<KeyValuePair<string, string>> Headers { get; }

    /// <summary>Writes the body of a request.</summary>
    public abstract byte[] Write(WireRequest request);

    /// <summary>Reads one JSON of an answer: an event or a whole body.</summary>
    /// <param name="json">An object that is no error.</param>
    /// <param name="isBody">Whether it stood in the body without an event around it.</param>
    /// <param name="reply">Where it goes.</param>
    public abstract void Read(JsonElement json, bool isBody, ReplyReader reply);

    /// <summary>The base URL with the rest of the path; a query stays behind it, such as Azure's version.</summary>
    protected static Uri Combine(string baseUrl, string path)
    {
        var uri = new UriBuilder(baseUrl.Trim());
        uri.Path = uri.Path.TrimEnd('/') + path;
        return uri.Uri;
    }
}
