using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Dialects.OpenAI;

/// <summary>Reads <c>messages</c> for a provider that speaks another API.</summary>
sealed class ChatPromptMessages(GatewayRequest request)
{
    // What a client sends back of an answer, as it got it: nothing that a model must read.
    static readonly HashSet<string> OfAnswers = ["annotations", "refusal", "reasoning_content"];

    /// <summary>The messages of the body.</summary>
    public IReadOnlyList<ChatMessage> Read() =>
        [.. request.Body.GetProperty("messages").EnumerateArray().Select((x, i) => Read(x, $"messages[{i}]"))];

    ChatMessage Read(JsonElement message, string at)
    {
        var role = message.String("role");
        foreach (var member in message.ValueKind == JsonValueKind.Object ? message.EnumerateObject() : default)
            if (member.Value.ValueKind != JsonValueKind.Null && !Takes(role, member.Name))
                throw ChatPrompt.Refusal($"{at}.{member.Name}");
        return role switch
        {
            "system" or "developer" => new(ChatRole.System, PartsOf(message, at, textOnly: true)),
            "user" => new(ChatRole.User, PartsOf(message, at, textOnly: false)),
            "assistant" => new(ChatRole.Assistant, [.. PartsOf(message, at, textOnly: true), .. CallsOf(message, at)]),
            "tool" => new(ChatRole.Tool, [ResultOf(message, at)]),
            "function" => throw ChatPrompt.Refusal($"{at}.role"),
            _ => throw ChatPrompt.Wrong($"{at}.role", "system, developer, user, assistant or tool"),
        };
    }

    static bool Takes(string? role, string name) => name is "role" or "content"
        || role == "assistant" && (name == "tool_calls" || OfAnswers.Contains(name))
        || role == "tool" && name == "tool_call_id";

    List<AIContent> PartsOf(JsonElement message, string at, bool textOnly) => message.Member("content") switch
    {
        null or { ValueKind: JsonValueKind.Null } when message.String("role") == "assistant" => [],
        { ValueKind: JsonValueKind.String } text => [new TextContent(text.String())],
        { ValueKind: JsonValueKind.Array } parts =>
            [.. parts.EnumerateArray().Select((x, i) => PartOf(x, $"{at}.content[{i}]", textOnly))],
        _ => throw ChatPrompt.Wrong($"{at}.content", "a text or a list of parts"),
    };

    AIContent PartOf(JsonElement part, string at, bool textOnly)
    {
        var type = part.String("type");
        foreach (var member in part.ValueKind == JsonValueKind.Object ? part.EnumerateObject() : default)
            if (member.Name != "type" && member.Name != type && member.Value.ValueKind != JsonValueKind.Null)
                throw ChatPrompt.Refusal($"{at}.{member.Name}");
        return type switch
        {
            "text" or "refusal" => new TextContent(
                part.String(type) ?? throw ChatPrompt.Wrong($"{at}.{type}", "a text")),
            "image_url" when !textOnly => ImageOf(part.Member("image_url") ?? default, $"{at}.image_url"),
            "input_audio" when !textOnly => SoundOf(part.Member("input_audio") ?? default, $"{at}.input_audio"),
            null => throw ChatPrompt.Wrong($"{at}.type", "a text"),
            _ => throw ChatPrompt.Refusal($"{at}.type"),
        };
    }

    AIContent ImageOf(JsonElement image, string at)
    {
        if (!request.Provider.Sees(request.Model))
            throw ChatPrompt.Refusal(at);
        if (image.String("detail") is not (null or "auto"))
            throw ChatPrompt.Refusal($"{at}.detail");
        var url = image.String("url") ?? throw ChatPrompt.Wrong($"{at}.url", "a text");
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
            return DataOf(url, $"{at}.url") is var data && data.HasTopLevelMediaType("image") ? data
                : throw ChatPrompt.Wrong($"{at}.url", "an image");
        // The provider fetches it, and tells the type by what it gets.
        return Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new UriContent(uri, "image/*") : throw ChatPrompt.Wrong($"{at}.url", "a URL of http or https, or data:");
    }

    DataContent SoundOf(JsonElement sound, string at)
    {
        if (!request.Provider.Hears(request.Model))
            throw ChatPrompt.Refusal(at);
        var type = sound.String("format") switch
        {
            "mp3" => "audio/mpeg",
            "wav" => "audio/wav",
            _ => throw ChatPrompt.Refusal($"{at}.format"),
        };
        return DataOf($"data:{type};base64,{sound.String("data")}", $"{at}.data");
    }

    static DataContent DataOf(string url, string at)
    {
        try
        {
            var data = new DataContent(url);
            return data.Data.IsEmpty ? throw ChatPrompt.Wrong(at, "some bytes in base64") : data;
        }
        catch (Exception error) when (error is UriFormatException or ArgumentException or FormatException)
        {
            throw ChatPrompt.Wrong(at, "bytes in base64 with their type");
        }
    }

    static IEnumerable<FunctionCallContent> CallsOf(JsonElement message, string at)
    {
        foreach (var (index, call) in (message.Member("tool_calls", JsonValueKind.Array)?.EnumerateArray() ?? default)
            .Index())
        {
            var place = $"{at}.tool_calls[{index}]";
            if (call.String("type") is not (null or "function"))
                throw ChatPrompt.Refusal($"{place}.type");
            if (call.String("id") is not { Length: > 0 } id || call.Member("function") is not { } function
                || function.String("name") is not { Length: > 0 } name)
                throw ChatPrompt.Wrong(place, "a call with an id and the name of a function");
            var raw = function.String("arguments") is { Length: > 0 } written ? written : "{}";
            if (ToolJson.ValueOf(raw) is not { ValueKind: JsonValueKind.Object } arguments)
                throw ChatPrompt.Wrong($"{place}.function.arguments", "a JSON object as a text");
            yield return new(id, name, arguments.EnumerateObject().ToDictionary(x => x.Name, x => (object?)x.Value))
            {
                RawRepresentation = raw,
            };
        }
    }

    FunctionResultContent ResultOf(JsonElement message, string at) => new(
        message.String("tool_call_id") is { Length: > 0 } id ? id
            : throw ChatPrompt.Wrong($"{at}.tool_call_id", "the id of a call"),
        string.Concat(PartsOf(message, at, textOnly: true).OfType<TextContent>().Select(x => x.Text)));
}
