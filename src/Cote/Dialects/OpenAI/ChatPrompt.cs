using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// A body of chat completions for a provider that speaks another API. What that one cannot take is an error that names
/// it: nothing is left out in silence.
/// </summary>
/// <param name="Messages">The messages.</param>
/// <param name="Options">Everything else.</param>
sealed record ChatPrompt(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    // What every kind of provider takes.
    static readonly HashSet<string> Known =
    [
        "model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens",
        "stop", "tools", "tool_choice", "reasoning_effort",
    ];

    // What a client of the host's own takes besides.
    static readonly HashSet<string> OfClients =
        ["seed", "frequency_penalty", "presence_penalty", "response_format", "parallel_tool_calls"];

    /// <summary>Reads the body of a request; an error where the provider cannot take it.</summary>
    public static (ChatPrompt? Prompt, OpenAIError? Error) Of(GatewayRequest request)
    {
        if (request.Route != GatewayRoute.Chat)
            return (null, OpenAIError.Unsupported("model",
                $"The provider of `{request.Asked}` does not serve /v1{request.Route.Path}; it serves "
                + "/v1/chat/completions."));
        if (!IsWellFormed(request))
            return (null, OpenAIError.Wrong(null, "A text of the body holds half a character."));
        try
        {
            Check(request);
            var messages = new ChatPromptMessages(request);
            var options = OptionsOf(request.Body);
            // A model of this API that thinks takes neither, and the wire would leave them out.
            if (request.Provider.IsWire && options.Reasoning?.Effort is not (null or ReasoningEffort.None)
                && (options.Temperature ?? options.TopP) is not null)
                throw Refusal(options.Temperature is not null ? "temperature" : "top_p");
            if (options.Tools is { Count: > 0 } && !request.Provider.TakesTools(request.Model))
                throw Refusal("tools");
            return (new(messages.Read(), options), null);
        }
        catch (OpenAIErrorException refused)
        {
            return (null, refused.Error);
        }
    }

    /// <summary>What says that a field cannot be taken.</summary>
    public static OpenAIErrorException Refusal(string param) => new(OpenAIError.Unsupported(
        param, $"The provider of this model cannot take `{param}`."));

    /// <summary>What says that a field is wrong.</summary>
    public static OpenAIErrorException Wrong(string param, string must) =>
        new(OpenAIError.Wrong(param, $"{param} must be {must}."));

    // A surrogate begins with these letters; half a pair shows only when it is written.
    static bool IsWellFormed(GatewayRequest request)
    {
        if (request.Bytes.IndexOf("\\ud"u8) < 0 && request.Bytes.IndexOf("\\uD"u8) < 0)
            return true;
        try
        {
            using var writer = new Utf8JsonWriter(Stream.Null);
            request.Body.WriteTo(writer);
            return true;
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    static void Check(GatewayRequest request)
    {
        var isClient = !request.Provider.IsWire;
        foreach (var member in request.Body.EnumerateObject())
            if (!Known.Contains(member.Name) && !(isClient && OfClients.Contains(member.Name))
                && !AsksNothing(member.Name, member.Value))
                throw Refusal(member.Name);
        if (request.Body.Member("stream_options", JsonValueKind.Object) is { } options)
            foreach (var member in options.EnumerateObject())
                if (member.Name != "include_usage"
                    && member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False))
                    throw Refusal($"stream_options.{member.Name}");
    }

    // What official clients and others write where nothing is wanted.
    static bool AsksNothing(string name, JsonElement value) => value.ValueKind == JsonValueKind.Null || name switch
    {
        "n" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var n) && n == 1,
        "frequency_penalty" or "presence_penalty" or "top_logprobs" =>
            value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == 0,
        "logprobs" or "store" => value.ValueKind == JsonValueKind.False,
        "parallel_tool_calls" => value.ValueKind == JsonValueKind.True,
        "response_format" => value.String("type") == "text",
        "service_tier" => value.String() is "auto" or "default",
        "modalities" => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(x => x.String() == "text"),
        "logit_bias" or "metadata" => value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any(),
        _ => false,
    };

    static ChatOptions OptionsOf(JsonElement body)
    {
        var options = new ChatOptions
        {
            Temperature = (float?)Number(body, "temperature"),
            TopP = (float?)Number(body, "top_p"),
            FrequencyPenalty = (float?)Number(body, "frequency_penalty"),
            PresencePenalty = (float?)Number(body, "presence_penalty"),
            Seed = (long?)Number(body, "seed"),
            StopSequences = StopsIn(body.Member("stop")),
            Tools = ToolsIn(body.Member("tools")),
            ToolMode = ToolModeOf(body.Member("tool_choice")),
            ResponseFormat = FormatOf(body.Member("response_format")),
            AdditionalProperties = new() { [WireChatClient.LeavesNothingOut] = true },
        };
        if (body.Member("parallel_tool_calls") is { ValueKind: JsonValueKind.True or JsonValueKind.False } parallel)
            options.AllowMultipleToolCalls = parallel.GetBoolean();
        if (body.Member("reasoning_effort") is { ValueKind: not JsonValueKind.Null } effort)
            options.Reasoning = new()
            {
                Effort = effort.String() switch
                {
                    "none" => ReasoningEffort.None,
                    "low" => ReasoningEffort.Low,
                    "medium" => ReasoningEffort.Medium,
                    "high" => ReasoningEffort.High,
                    "xhigh" => ReasoningEffort.ExtraHigh,
                    "minimal" => throw Refusal("reasoning_effort"),
                    _ => throw Wrong("reasoning_effort", "none, low, medium, high or xhigh"),
                },
            };
        return options;
    }

    static double? Number(JsonElement body, string name) => body.Member(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var number) => number,
        _ => throw Wrong(name, "a number"),
    };

    static List<string>? StopsIn(JsonElement? stop) => stop switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } one => [one.String()!],
        { ValueKind: JsonValueKind.Array } many when many.EnumerateArray().All(x => x.ValueKind == JsonValueKind.String)
            => [.. many.EnumerateArray().Select(x => x.String()!)],
        _ => throw Wrong("stop", "a text or a list of texts"),
    };

    static List<AITool>? ToolsIn(JsonElement? tools)
    {
        if (tools is null or { ValueKind: JsonValueKind.Null })
            return null;
        if (tools.Value.ValueKind != JsonValueKind.Array)
            throw Wrong("tools", "a list");
        var list = new List<AITool>();
        foreach (var (index, tool) in tools.Value.EnumerateArray().Index())
        {
            var at = $"tools[{index}]";
            if (tool.String("type") != "function")
                throw Refusal($"{at}.type");
            if (tool.Member("function", JsonValueKind.Object) is not { } function
                || function.String("name") is not { Length: > 0 } name)
                throw Wrong($"{at}.function", "an object with a name");
            foreach (var member in function.EnumerateObject())
                if (member.Name is not ("name" or "description" or "parameters")
                    && member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False))
                    throw Refusal($"{at}.function.{member.Name}");
            list.Add(new ClientFunction(
                name, function.String("description") ?? "", function.Member("parameters") ?? default));
        }
        return list;
    }

    static ChatToolMode? ToolModeOf(JsonElement? choice) => choice switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { } value when value.String() == "auto" => ChatToolMode.Auto,
        { } value when value.String() == "none" => ChatToolMode.None,
        { } value when value.String() == "required" => ChatToolMode.RequireAny,
        { } value when value.Member("function")?.String("name") is { Length: > 0 } name =>
            ChatToolMode.RequireSpecific(name),
        { ValueKind: JsonValueKind.Object } => throw Refusal("tool_choice"),
        _ => throw Wrong("tool_choice", "none, auto, required or a function"),
    };

    static ChatResponseFormatJson? FormatOf(JsonElement? format) => format?.String("type") switch
    {
        "json_object" => ChatResponseFormat.Json,
        "json_schema" when format.Value.Member("json_schema") is { } named && named.Member("schema") is { } schema =>
            ChatResponseFormat.ForJsonSchema(schema, named.String("name"), named.String("description")),
        null or "text" => null,
        _ => throw Refusal("response_format"),
    };
}

/// <summary>An error that is found deep inside a body.</summary>
sealed class OpenAIErrorException(OpenAIError error) : Exception(error.Message)
{
    public OpenAIError Error => error;
}
