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

    readonly int _maxTokens;

    public AnthropicWire(ProviderOptions options)
    {
        // The base URLs that people copy end in /v1 or not.
        var url = (options.BaseUrl ?? "https://api.anthropic.com").Trim().TrimEnd('/');
        url = url.EndsWith("/v1", StringComparison.Ordinal) ? url[..^3] : url;
        Endpoint = Combine(url, "/v1/messages");
        ModelsEndpoint = Combine(url, "/v1/models", "limit=1000");
        // Gateways look at either header for the key; the API itself takes x-api-key where both are there.
        Headers = ProviderHeaders.With(options, options.ApiKey?.Reveal().Trim() is { Length: > 0 } key
            ? [("anthropic-version", Version), ("x-api-key", key), ("Authorization", "Bearer " + key)]
            : [("anthropic-version", Version)]);
        _maxTokens = options.MaxTokens ?? DefaultMaxTokens;
    }

    public override string Name => "anthropic";

    public override Uri Endpoint { get; }

    public override Uri ModelsEndpoint { get; }

    public override Omissions NeverSent => Omissions.UsageWish | Omissions.Sound;

    public override IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    public override bool WritesThinkTags => false;

    protected override void Write(Utf8JsonWriter json, WireRequest request)
    {
        json.WriteStartObject();
        json.WriteString("model", request.Options?.ModelId ?? request.Model);
        var most = request.Options?.MaxOutputTokens ?? _maxTokens;
        json.WriteNumber("max_tokens", most);
        json.WriteBoolean("stream", request.Sends(Omissions.Streaming));
        if (AnthropicThinking.BudgetOf(request, most) is { } budget)
        {
            // A model that thinks takes no temperature and no top_p.
            json.WriteStartObject("thinking");
            json.WriteString("type", "enabled");
            json.WriteNumber("budget_tokens", budget);
            json.WriteEndObject();
        }
        else
        {
            if (request.Options?.Temperature is { } temperature && request.Sends(Omissions.Temperature))
                json.WriteNumber("temperature", Math.Min(temperature, 1)); // OpenAI's ends at 2, this one at 1.
            if (request.Options?.TopP is { } topP && request.Sends(Omissions.TopP))
                json.WriteNumber("top_p", topP);
        }
        var system = request.Turns.Where(x => x.Role == ChatRole.System).Select(x => x.OnlyText).ToList();
        if (system.Count > 0)
            json.WriteString("system", string.Join("\n\n", system));
        if (request.Options?.StopSequences is { Count: > 0 } stops)
        {
            json.WriteStartArray("stop_sequences");
            foreach (var stop in stops)
                json.WriteStringValue(stop);
            json.WriteEndArray();
        }
        WriteTools(json, request);
        WriteMessages(json, request);
        json.WriteEndObject();
    }

    // The API refuses calls in the prompt without tools beside them: where there are none, the names that were called
    // are told, and none may be called.
    static void WriteTools(Utf8JsonWriter json, WireRequest request)
    {
        var called = request.Tools.Count > 0 ? [] : request.Turns.SelectMany(x => x.Contents)
            .OfType<FunctionCallContent>().Select(x => ToolJson.NameOf(x.Name)).Distinct().ToList();
        IReadOnlyList<AIFunctionDeclaration> tools = request.Tools.Count > 0 ? request.Tools
            : [.. called.Select(x => AIFunctionFactory.CreateDeclaration(x, null, default))];
        if (tools.Count == 0)
            return;
        json.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            json.WriteStartObject();
            json.WriteString("name", tool.Name);
            if (!string.IsNullOrEmpty(tool.Description))
                json.WriteString("description", tool.Description);
            ToolJson.WriteParameters(json, "input_schema", tool);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        var mode = called.Count > 0 ? ChatToolMode.None : request.Options?.ToolMode;
        if (mode is null or AutoChatToolMode || !request.Sends(Omissions.ToolChoice))
            return;
        json.WriteStartObject("tool_choice");
        json.WriteString("type",
            mode is NoneChatToolMode ? "none" : mode is RequiredChatToolMode { RequiredFunctionName: not null } ? "tool"
            : "any");
        if (mode is RequiredChatToolMode { RequiredFunctionName: { } name })
            json.WriteString("name", name);
        json.WriteEndObject();
    }

    // Results are the user's here, and stand before what the user says.
    static void WriteMessages(Utf8JsonWriter json, WireRequest request)
    {
        json.WriteStartArray("messages");
        string? open = null;
        foreach (var turn in request.Turns.Where(x => x.Role != ChatRole.System))
        {
            var role = turn.Role == ChatRole.Tool ? "user" : turn.Role.Value;
            if (role != open)
            {
                if (open is not null)
                    End(json);
                json.WriteStartObject();
                json.WriteString("role", role);
                json.WriteStartArray("content");
                open = role;
            }
            foreach (var content in turn.Contents)
                WriteBlock(json, content, request.By);
        }
        if (open is not null)
            End(json);
        json.WriteEndArray();

        static void End(Utf8JsonWriter json)
        {
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    static void WriteBlock(Utf8JsonWriter json, AIContent content, string by)
    {
        if (content is TextReasoningContent thought)
        {
            SealedReasoning.Open(thought, by)?.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        switch (content)
        {
            case TextContent text:
                json.WriteString("type", "text");
                json.WriteString("text", text.Text);
                break;
            case FunctionCallContent call:
                json.WriteString("type", "tool_use");
                json.WriteString("id", ToolJson.NameOf(call.CallId));
                json.WriteString("name", ToolJson.NameOf(call.Name));
                json.WritePropertyName("input");
                json.WriteRawValue(ToolJson.ArgumentsOf(call));
                break;
            case FunctionResultContent result:
                json.WriteString("type", "tool_result");
                json.WriteString("tool_use_id", ToolJson.NameOf(result.CallId));
                json.WriteString("content", ToolJson.TextOf(result));
                if (result.Exception is not null)
                    json.WriteBoolean("is_error", true);
                break;
            default:
                json.WriteString("type", "image");
                WriteSource(json, content);
                break;
        }
        json.WriteEndObject();
    }

    static void WriteSource(Utf8JsonWriter json, AIContent image)
    {
        json.WriteStartObject("source");
        if (image is DataContent data)
        {
            json.WriteString("type", "base64");
            json.WriteString("media_type", data.MediaType);
            json.WriteBase64String("data", data.Data.Span);
        }
        else
        {
            json.WriteString("type", "url");
            json.WriteString("url", ((UriContent)image).Uri.AbsoluteUri);
        }
        json.WriteEndObject();
    }

    public override WireAnswer Open(ReplyReader reply) => new AnthropicAnswer(reply);
}
