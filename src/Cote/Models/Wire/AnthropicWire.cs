using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>Anthropic's messages, by its API and by gateways. docs/providers.md lists what they send.</summary>
sealed class AnthropicWire : Wire
{
    // The newer version, 2026-10-21, refuses every temperature, and many gateways know only this one. A model that
    // takes no temperature refuses it here too, and the call is made without it.
    const string Version = "2023-06-01";

    // The API wants a limit in every call. Every model since Claude 3.5 takes this one.
    const int DefaultMaxTokens = 8_192;

    readonly string? _key;
    readonly int _maxTokens;

    public AnthropicWire(ProviderOptions options)
    {
        // The base URLs that people copy end in /v1 or not.
        var url = (options.BaseUrl ?? "https://api.anthropic.com").Trim().TrimEnd('/');
        Endpoint = Combine(url.EndsWith("/v1", StringComparison.Ordinal) ? url[..^3] : url, "/v1/messages");
        _key = options.ApiKey?.Reveal().Trim();
        _maxTokens = options.MaxTokens ?? DefaultMaxTokens;
    }

    public override Uri Endpoint { get; }

    public override Omissions NeverSent => Omissions.UsageWish;

    // Gateways look at either header for the key; the API itself takes x-api-key where both are there.
    public override IEnumerable<KeyValuePair<string, string>> Headers => string.IsNullOrEmpty(_key)
        ? [new("anthropic-version", Version)]
        : [new("anthropic-version", Version), new("x-api-key", _key), new("Authorization", "Bearer " + _key)];

    public override byte[] Write(WireRequest request)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", request.Options?.ModelId ?? request.Model);
            json.WriteNumber("max_tokens", request.Options?.MaxOutputTokens ?? _maxTokens);
            json.WriteBoolean("stream", request.Sends(Omissions.Streaming));
            if (request.Options?.Temperature is { } temperature && request.Sends(Omissions.Temperature))
                json.WriteNumber("temperature", Math.Min(temperature, 1)); // OpenAI's scale ends at 2, this one at 1.
            if (request.Options?.TopP is { } topP && request.Sends(Omissions.TopP))
                json.WriteNumber("top_p", topP);
            var system = request.Turns.Where(x => x.Role == ChatRole.System).Select(x => x.OnlyText).ToList();
            if (system.Count > 0)
                json.WriteString("system", string.Join("\n\n", system));
            json.WriteStartArray("messages");
            foreach (var turn in request.Turns.Where(x => x.Role != ChatRole.System))
                Write(json, turn);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    static void Write(Utf8JsonWriter json, Turn turn)
    {
        json.WriteStartObject();
        json.WriteString("role", turn.Role.Value);
        json.WriteStartArray("content");
        foreach (var content in turn.Contents)
        {
            json.WriteStartObject();
            if (content is TextContent text)
            {
                json.WriteString("type", "text");
                json.WriteString("text", text.Text);
            }
            else
            {
                json.WriteString("type", "image");
                json.WriteStartObject("source");
                if (content is DataContent data)
                {
                    json.WriteString("type", "base64");
                    json.WriteString("media_type", data.MediaType);
                    json.WriteBase64String("data", data.Data.Span);
                }
                else
                {
                    json.WriteString("type", "url");
                    json.WriteString("url", ((UriContent)content).Uri.AbsoluteUri);
                }
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public override void Read(JsonElement json, bool isBody, ReplyReader reply)
    {
        var type = json.String("type");
        if (type is "message" || type?.StartsWith("message_", StringComparison.Ordinal) == true
            || type?.StartsWith("content_block_", StringComparison.Ordinal) == true)
            reply.Recognize();
        switch (type)
        {
            case "message_start" when json.Member("message") is { } message:
                ReadUsage(message, reply);
                break;
            case "content_block_start" when json.Member("content_block") is { } begun:
                ReadBlock(begun, reply);
                break;
            case "content_block_delta" when json.Member("delta") is { } delta:
                ReadBlock(delta, reply);
                break;
            case "message_delta":
                ReadUsage(json, reply);
                ReadStop(json.Member("delta") ?? json, reply);
                break;
            case "message_stop":
                reply.End();
                break;
            case "message": // The whole answer, though a stream was asked for.
                if (json.Member("content", JsonValueKind.Array) is { } blocks)
                    foreach (var block in blocks.EnumerateArray())
                        ReadBlock(block, reply);
                ReadUsage(json, reply);
                ReadStop(json, reply);
                reply.End();
                break;
        }
    }

    static void ReadBlock(JsonElement block, ReplyReader reply)
    {
        if (block.String("type") is null or "text" or "text_delta")
            reply.AddText(block.String("text"), isWhole: false);
        else if (block.String("type") is "thinking" or "thinking_delta")
            reply.AddReasoning(block.String("thinking"));
    }

    static void ReadStop(JsonElement json, ReplyReader reply)
    {
        if (json.String("stop_reason") is { } reason && !string.IsNullOrWhiteSpace(reason))
            reply.Finish(reason);
    }

    static void ReadUsage(JsonElement json, ReplyReader reply)
    {
        if (json.Member("usage", JsonValueKind.Object) is not { } usage)
            return;
        // What came from a cache, or was written to one, was in the prompt as well.
        var cached = (usage.Count("cache_read_input_tokens") ?? 0) + (usage.Count("cache_creation_input_tokens") ?? 0);
        var input = usage.Count("input_tokens") + cached;
        reply.AddUsage(input, usage.Count("output_tokens"));
    }
}
