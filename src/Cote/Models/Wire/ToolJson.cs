using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>Tools, calls and results as both wires write them.</summary>
static class ToolJson
{
    const int MaxName = 64;
    const int MaxDepth = 48;

    static readonly SearchValues<char> NameLetters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };
    static readonly JsonElement NoParameters = Parse("""{"type":"object","properties":{}}""");

    /// <summary>
    /// A name or id that every server takes: a model may have called what does not exist, and a refusal of its name
    /// would make the chat unusable.
    /// </summary>
    public static string NameOf(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return "unknown";
        if (name.Length > MaxName)
            name = name[..MaxName];
        return name.AsSpan().IndexOfAnyExcept(NameLetters) < 0 ? name
            : string.Concat(name.Select(x => NameLetters.Contains(x) ? x : '_'));
    }

    /// <summary>The arguments of a call, always an object: servers that read it refuse anything else.</summary>
    public static string ArgumentsOf(FunctionCallContent call) =>
        call is { Arguments: not null, RawRepresentation: string raw } ? raw
        : call.Arguments is { } arguments ? JsonSerializer.Serialize(
            arguments, Compact.GetTypeInfo(typeof(IDictionary<string, object?>)))
        : "{}";

    /// <summary>The result of a call as text, never blank.</summary>
    public static string TextOf(FunctionResultContent result)
    {
        var text = result.Result switch
        {
            null => "",
            string x => x,
            TextContent x => x.Text,
            JsonElement { ValueKind: JsonValueKind.String } x => x.String()!,
            JsonElement x => x.GetRawText(),
            var x => JsonSerializer.Serialize(x, Compact.GetTypeInfo(x.GetType())),
        };
        return string.IsNullOrWhiteSpace(text) ? "(no output)" : WellFormedText.Of(text);
    }

    /// <summary>
    /// A value that a model, a tool or a client wrote; null where it is no JSON, or none that every reader can take: it
    /// holds half a character, or is nested so deeply that it could not be read again inside a message.
    /// </summary>
    public static JsonElement? ValueOf(string json)
    {
        try
        {
            var value = JsonElement.Parse(json, new() { MaxDepth = MaxDepth });
            using var writer = new Utf8JsonWriter(Stream.Null);
            value.WriteTo(writer); // Half a character shows only when it is written.
            return value;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Writes the parameters of a tool; servers want an object that says its type.</summary>
    public static void WriteParameters(Utf8JsonWriter json, string name, AIFunctionDeclaration tool)
    {
        json.WritePropertyName(name);
        var schema = tool.JsonSchema.ValueKind == JsonValueKind.Object ? tool.JsonSchema : NoParameters;
        if (schema.TryGetProperty("type", out _))
        {
            schema.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type", "object");
        foreach (var member in schema.EnumerateObject())
            member.WriteTo(json);
        json.WriteEndObject();
    }

    static JsonElement Parse(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }
}
