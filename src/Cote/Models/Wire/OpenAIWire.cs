using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// OpenAI's chat completions, as the many servers that imitate it speak them. docs/providers.md lists what they send.
/// </summary>
sealed class OpenAIWire : Wire
{
    readonly string _url;

    public OpenAIWire(ProviderOptions options)
    {
        _url = options.BaseUrl ?? "https://api.openai.com/v1";
        Endpoint = EndpointOf("/chat/completions");
        ModelsEndpoint = EndpointOf("/models");
        TranscriptionsEndpoint = EndpointOf("/audio/transcriptions");
        Headers = ProviderHeaders.With(options, options.ApiKey?.Reveal().Trim() is { Length: > 0 } key
            ? [("Authorization", "Bearer " + key)] : []);
        // OpenAI's newer models refuse max_tokens. Most other servers know nothing else, and some ignore the new name,
        // which would make the limit void: they get it only if they ask for it by name.
        NeverSent = IsOpenAIItself(Endpoint) ? Omissions.MaxTokens : Omissions.None;
    }

    /// <summary>Whether the models of an endpoint are OpenAI's own.</summary>
    public static bool IsOpenAIItself(Uri endpoint) =>
        endpoint.Host.EndsWith(".openai.com", StringComparison.OrdinalIgnoreCase)
        || endpoint.Host.EndsWith(".openai.azure.com", StringComparison.OrdinalIgnoreCase);

    /// <summary>The URL of a path below the base URL.</summary>
    public Uri EndpointOf(string path) => Combine(_url, path);

    public override string Name => "openai";

    public override Uri Endpoint { get; }

    public override Uri ModelsEndpoint { get; }

    /// <summary>Where recordings are transcribed.</summary>
    public Uri TranscriptionsEndpoint { get; }

    public override Omissions NeverSent { get; }

    public override IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    public override bool WritesThinkTags => !IsOpenAIItself(Endpoint);

    protected override void Write(Utf8JsonWriter json, WireRequest request)
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
        WriteFormat(json, request.Options);
        WriteTools(json, request);
        json.WriteStartArray("messages");
        foreach (var turn in request.Turns)
            Write(json, turn, request.By);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static string? EffortOf(ChatOptions? options) => options?.Reasoning?.Effort switch
    {
        ReasoningEffort.None => "none",
        ReasoningEffort.Low => "low",
        ReasoningEffort.Medium => "medium",
        ReasoningEffort.High or ReasoningEffort.ExtraHigh => "high",
        _ => null,
    };

    /// <summary>The additional property of a call that says whether its answer must be exactly of its schema.</summary>
    public const string StrictSchema = "strict";

    static void WriteFormat(Utf8JsonWriter json, ChatOptions? options)
    {
        if (options?.ResponseFormat is not ChatResponseFormatJson { } wanted)
            return;
        json.WriteStartObject("response_format");
        json.WriteString("type", wanted.Schema is null ? "json_object" : "json_schema");
        if (wanted.Schema is { } schema)
        {
            json.WriteStartObject("json_schema");
            json.WriteString("name", wanted.SchemaName ?? "answer");
            if (wanted.SchemaDescription is { } description)
                json.WriteString("description", description);
            if (options.AdditionalProperties?.TryGetValue(StrictSchema, out bool isStrict) == true)
                json.WriteBoolean("strict", isStrict);
            json.WritePropertyName("schema");
            schema.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    static void WriteTools(Utf8JsonWriter json, WireRequest request)
    {
        if (request.Tools.Count == 0)
            return;
        json.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            ToolJson.WriteParameters(json, "parameters", tool);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (!request.Sends(Omissions.ToolChoice))
            return;
        switch (request.Options?.ToolMode)
        {
            case NoneChatToolMode:
                json.WriteString("tool_choice", "none");
                break;
            case RequiredChatToolMode { RequiredFunctionName: { } name }:
                json.WriteStartObject("tool_choice");
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", name);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case RequiredChatToolMode:
                json.WriteString("tool_choice", "required");
                break;
        }
    }

    static void Write(Utf8JsonWriter json, Turn turn, string by)
    {
        if (turn.Role == ChatRole.Tool)
        {
            foreach (var result in turn.Contents.Cast<FunctionResultContent>())
            {
                json.WriteStartObject();
                json.WriteString("role", "tool");
                json.WriteString("tool_call_id", result.CallId);
                json.WriteString("content", ToolJson.TextOf(result));
                json.WriteEndObject();
            }
            return;
        }
        json.WriteStartObject();
        json.WriteString("role", turn.Role.Value);
        foreach (var thought in turn.Contents.OfType<TextReasoningContent>())
            if (SealedReasoning.Open(thought, by) is { } members)
                foreach (var member in members.EnumerateObject())
                    member.WriteTo(json);
        List<AIContent> said = [.. turn.Contents.Where(x => x is TextContent or DataContent or UriContent)];
        if (said.Count == 0)
            json.WriteNull("content");
        else if (said is [TextContent only])
            json.WriteString("content", only.Text);
        else
            WriteParts(json, said);
        WriteCalls(json, turn);
        json.WriteEndObject();
    }

    static void WriteParts(Utf8JsonWriter json, List<AIContent> parts)
    {
        json.WriteStartArray("content");
        foreach (var part in parts)
        {
            json.WriteStartObject();
            if (part is TextContent text)
            {
                json.WriteString("type", "text");
                json.WriteString("text", text.Text);
            }
            else if (part is DataContent sound && sound.HasTopLevelMediaType("audio"))
            {
                json.WriteString("type", "input_audio");
                json.WriteStartObject("input_audio");
                json.WriteBase64String("data", sound.Data.Span);
                json.WriteString("format", sound.MediaType == "audio/mpeg" ? "mp3" : "wav");
                json.WriteEndObject();
            }
            else
            {
                json.WriteString("type", "image_url");
                json.WriteStartObject("image_url");
                json.WriteString("url", part is DataContent data ? data.Uri : ((UriContent)part).Uri.AbsoluteUri);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WriteCalls(Utf8JsonWriter json, Turn turn)
    {
        if (!turn.HasCalls)
            return;
        json.WriteStartArray("tool_calls");
        foreach (var call in turn.Contents.OfType<FunctionCallContent>())
        {
            json.WriteStartObject();
            json.WriteString("id", call.CallId);
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", ToolJson.NameOf(call.Name));
            json.WriteString("arguments", ToolJson.ArgumentsOf(call));
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public override WireAnswer Open(ReplyReader reply) => new OpenAIAnswer(reply);
}
