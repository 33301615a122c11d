using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// OpenAI's chat completions, as the many servers that imitate it speak them. docs/providers.md lists what they send.
/// </summary>
sealed class OpenAIWire : Wire
{
    readonly string? _key;

    public OpenAIWire(ProviderOptions options)
    {
        Endpoint = Combine(options.BaseUrl ?? "https://api.openai.com/v1", "/chat/completions");
        _key = options.ApiKey?.Reveal().Trim();
        // OpenAI's newer models refuse max_tokens. Most other servers know nothing else, and some ignore the new name,
        // which would make the limit void: they get it only if they ask for it by name.
        NeverSent = Endpoint.Host.EndsWith(".openai.com", StringComparison.OrdinalIgnoreCase)
            || Endpoint.Host.EndsWith(".openai.azure.com", StringComparison.OrdinalIgnoreCase)
            ? Omissions.MaxTokens : Omissions.None;
    }

    public override Uri Endpoint { get; }

    public override Omissions NeverSent { get; }

    public override IEnumerable<KeyValuePair<string, string>> Headers =>
        string.IsNullOrEmpty(_key) ? [] : [new("Authorization", "Bearer " + _key)];

    public override byte[] Write(WireRequest request)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", request.Options?.ModelId ?? request.Model);
            json.WriteBoolean("stream", request.Sends(Omissions.Streaming));
            if (request.Sends(Omissions.UsageWish | Omissions.Streaming))
            {
                json.WriteStartObject("stream_options");
                json.WriteBoolean("include_usage", true);
                json.WriteEndObject();
            }
            if (request.Options?.MaxOutputTokens is { } most && request.Sends(Omissions.MaxTokens))
                json.WriteNumber("max_tokens", most);
            else if (request.Options?.MaxOutputTokens is { } limit && request.Sends(Omissions.MaxCompletionTokens))
                json.WriteNumber("max_completion_tokens", limit);
            if (request.Options?.Temperature is { } temperature && request.Sends(Omissions.Temperature))
                json.WriteNumber("temperature", temperature);
            if (request.Options?.TopP is { } topP && request.Sends(Omissions.TopP))
                json.WriteNumber("top_p", topP);
            if (EffortOf(request.Options) is { } effort && request.Sends(Omissions.Reasoning))
                json.WriteString("reasoning_effort", effort);
            json.WriteStartArray("messages");
            foreach (var turn in request.Turns)
                Write(json, turn);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    public static string? EffortOf(ChatOptions? options) => options?.Reasoning?.Effort switch
    {
        ReasoningEffort.None => "none",
        ReasoningEffort.Low => "low",
        ReasoningEffort.Medium => "medium",
        ReasoningEffort.High or ReasoningEffort.ExtraHigh => "high",
        _ => null,
    };

    static void Write(Utf8JsonWriter json, Turn turn)
    {
        json.WriteStartObject();
        json.WriteString("role", turn.Role.Value);
        if (turn.OnlyText is { } only)
        {
            json.WriteString("content", only);
            json.WriteEndObject();
            return;
        }
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
                json.WriteString("type", "image_url");
                json.WriteStartObject("image_url");
                json.WriteString("url", content is DataContent data ? data.Uri : ((UriContent)content).Uri.AbsoluteUri);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public override void Read(JsonElement json, bool isBody, ReplyReader reply)
    {
        if (json.Member("choices", JsonValueKind.Array) is { } choices)
        {
            reply.Recognize();
            if (choices.GetArrayLength() > 0)
                ReadChoice(json, choices[0], isBody, reply);
        }
        // Groq and Moonshot have places of their own for it.
        ReadUsage(json.Member("usage") ?? json.Member("x_groq")?.Member("usage"), reply);
    }

    static void ReadChoice(JsonElement json, JsonElement choice, bool isBody, ReplyReader reply)
    {
        var message = choice.Member("message", JsonValueKind.Object);
        if (choice.Member("delta", JsonValueKind.Object) is { } delta)
            ReadTurn(delta, isWhole: false, reply);
        if (message is { } whole)
            ReadTurn(whole, isWhole: true, reply);
        if (choice.String("text") is { Length: > 0 } text)
            reply.AddText(text, isWhole: true);
        ReadUsage(choice.Member("usage"), reply);
        if (choice.String("finish_reason") is { } reason && !string.IsNullOrWhiteSpace(reason))
            reply.Finish(reason);
        else if (message is not null && (isBody || json.String("object") == "chat.completion"))
            reply.Finish("stop"); // A whole body needs no word for its end.
    }

    static void ReadTurn(JsonElement turn, bool isWhole, ReplyReader reply)
    {
        if ((turn.String("reasoning_content") ?? turn.String("reasoning")) is { Length: > 0 } thought)
            reply.AddReasoning(thought);
        if (turn.Member("content") is { } content)
            ReadContent(content, isWhole, reply);
        // A refusal is what the model says to the user, in a field of its own.
        if (turn.String("refusal") is { Length: > 0 } refusal)
            reply.AddText(refusal, isWhole);
    }

    // A string, a part, or a list of both. Parts of any other type than text, such as `thinking`, are no text.
    static void ReadContent(JsonElement content, bool isWhole, ReplyReader reply)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.String:
                reply.AddText(content.String(), isWhole);
                break;
            case JsonValueKind.Array:
                foreach (var part in content.EnumerateArray())
                    ReadContent(part, isWhole, reply);
                break;
            case JsonValueKind.Object when content.String("type") is null or "text" or "output_text":
                reply.AddText(content.String("text") ?? content.Member("text")?.String("value"), isWhole);
                break;
            case JsonValueKind.Object when content.String("type") is "refusal":
                reply.AddText(content.String("refusal"), isWhole);
                break;
            case JsonValueKind.Object when content.String("type") is "thinking" or "reasoning":
                reply.AddReasoning(content.String("thinking") ?? content.String("text"));
                break;
        }
    }

    static void ReadUsage(JsonElement? usage, ReplyReader reply)
    {
        if (usage is { ValueKind: JsonValueKind.Object } x)
            reply.AddUsage(x.Count("prompt_tokens") ?? x.Count("input_tokens"),
                x.Count("completion_tokens") ?? x.Count("output_tokens"));
    }
}
