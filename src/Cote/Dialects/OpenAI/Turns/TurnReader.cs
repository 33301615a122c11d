using System.Text.Json;
using Cote.Models;
using Cote.Chats;
using Cote.Replies;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// Reads what both APIs have in common. What is wrong, or cannot hold in a turn, ends the reading with an
/// <see cref="OpenAIError"/>; fields that nobody knows are passed over.
/// </summary>
sealed class TurnReader(JsonElement body)
{
    const int LongestEcho = 16_384;

    /// <summary>The first thing that is wrong.</summary>
    public OpenAIError? Error { get; private set; }

    public void Refuse(OpenAIError error) => Error ??= error;

    /// <summary>A field that is there and not null.</summary>
    public static JsonElement? Get(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonElement? Get(string name) => Get(body, name);

    public string? Text(string name, int longest)
    {
        if (Get(name) is not { } value)
            return null;
        if (value.String() is { } text && text.Length <= longest && WellFormedText.Of(text) == text)
            return text;
        Refuse(OpenAIError.Wrong(name, $"`{name}` is a text of up to {longest} characters."));
        return null;
    }

    public bool Flag(string name)
    {
        if (Get(name) is not { } value)
            return false;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            Refuse(OpenAIError.Wrong(name, $"`{name}` is true or false."));
        return value.ValueKind == JsonValueKind.True;
    }

    /// <summary>The settings that both APIs name alike, and what neither can have in a turn.</summary>
    public TurnRequest ReadCommon(params string[] limits)
    {
        if (Number("n", 1, 128) is > 1)
            Refuse(OpenAIError.Unsupported("n", "A turn in a chat has one answer: leave `n` out."));
        if (Flag("logprobs") || Number("top_logprobs", 0, 20) is > 0)
            Refuse(OpenAIError.Unsupported("logprobs", "A turn in a chat has no `logprobs`."));
        var most = limits.Select(x => Number(x, 1, 10_000_000)).FirstOrDefault(x => x is not null);
        return new()
        {
            Model = Text("model", 200),
            Temperature = Number("temperature", 0, 2),
            MaxTokens = (int?)most,
            IsStreamed = Flag("stream"),
            ToolChoice = ReadToolChoice(),
            Tools = ReadTools(),
        };
    }

    double? Number(string name, double min, double max)
    {
        if (Get(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && number >= min && number <= max)
            return number;
        Refuse(OpenAIError.Wrong(name, FormattableString.Invariant($"`{name}` is a number from {min} to {max}.")));
        return null;
    }

    /// <summary>How much the model is to think, in Cote's words.</summary>
    public string? ReadEffort(JsonElement? effort, string param)
    {
        if (effort is not { } value)
            return null;
        var word = value.String() switch
        {
            "minimal" => "low",
            "xhigh" or "max" => "high",
            var other => other,
        };
        if (!ChatFields.Efforts.Contains(word))
            Refuse(OpenAIError.Wrong(param, $"`{param}` is none, minimal, low, medium, high or xhigh."));
        return word;
    }

    /// <summary>The form of the answer as chat completions write it; text is none.</summary>
    public JsonElement? ReadFormat(JsonElement? format, string param)
    {
        if (format is not { } given || given.String("type") == "text")
            return null;
        if (ToolJson.ValueOf(given.GetRawText()) is not { } value)
        {
            Refuse(OpenAIError.Wrong(param, $"`{param}` holds half a character, or is nested too deeply."));
            return null;
        }
        var isSchema = value.String("type") == "json_schema";
        if (isSchema ? Get(value, "json_schema") is not { ValueKind: JsonValueKind.Object } named
                || Get(named, "schema") is not { ValueKind: JsonValueKind.Object }
            : value.String("type") != "json_object")
            Refuse(OpenAIError.Wrong(param, $"`{param}` is text, json_object, or json_schema with a schema."));
        return value;
    }

    /// <summary>The client's own pairs, which a response repeats.</summary>
    public JsonElement? ReadMetadata()
    {
        if (Get("metadata") is not { } metadata)
            return null;
        if (metadata.ValueKind == JsonValueKind.Object && metadata.GetRawText().Length <= LongestEcho
            && ToolJson.ValueOf(metadata.GetRawText()) is not null
            && metadata.EnumerateObject().All(x => x.Value.ValueKind == JsonValueKind.String))
            return metadata;
        Refuse(OpenAIError.Wrong("metadata", "`metadata` is an object of texts with up to 16 KB."));
        return null;
    }

    string? ReadToolChoice()
    {
        if (Get("tool_choice") is not { } choice)
            return null;
        if (choice.String() is "none" or "auto" or "required")
            return choice.String();
        var name = choice.String("type") != "function" ? null
            : choice.String("name") ?? (Get(choice, "function") is { } function ? function.String("name") : null);
        if (name is not null)
            return ReplyOptions.OneTool + name;
        Refuse(OpenAIError.Unsupported(
            "tool_choice", "`tool_choice` is none, auto, required or one function in a turn."));
        return null;
    }

    // As Cote's client_tools, which are checked where the message is sent.
    JsonElement? ReadTools()
    {
        if (Get("tools") is not { } tools)
            return null;
        if (tools.ValueKind != JsonValueKind.Array)
        {
            Refuse(OpenAIError.Wrong("tools", "`tools` is a list."));
            return null;
        }
        var functions = new List<JsonElement>();
        foreach (var (index, tool) in tools.EnumerateArray().Index())
        {
            if (ToolJson.ValueOf(tool.GetRawText()) is null)
                Refuse(OpenAIError.Wrong($"tools[{index}]", "It holds half a character, or is nested too deeply."));
            else if (tool.String("type") != "function")
                Refuse(OpenAIError.Unsupported(
                    $"tools[{index}].type",
                    "A turn takes tools of the type function; tools of the server are the chat's."));
            else
                functions.Add(Get(tool, "function") is { ValueKind: JsonValueKind.Object } inner ? inner : tool);
        }
        return functions.Count == 0 || Error is not null ? null : JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartArray();
            foreach (var function in functions)
            {
                json.WriteStartObject();
                foreach (var name in (string[])["name", "description", "parameters"])
                    if (Get(function, name) is { } value)
                    {
                        json.WritePropertyName(name);
                        value.WriteTo(json);
                    }
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }));
    }
}
