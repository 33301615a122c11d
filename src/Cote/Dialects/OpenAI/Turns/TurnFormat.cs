using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>The form of an answer: as chat completions write it, and as responses do.</summary>
static class TurnFormat
{
    /// <summary>The form that responses ask for (<c>text.format</c>) as chat completions write it.</summary>
    public static JsonElement? FromResponses(JsonElement format)
    {
        if (format.String("type") != "json_schema" || ToolJson.ValueOf(format.GetRawText()) is null)
            return format;
        return JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "json_schema");
            json.WriteStartObject("json_schema"u8);
            foreach (var member in format.EnumerateObject().Where(x => x.Name != "type"))
                member.WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }));
    }

    /// <summary>Writes a form as responses do; without one it is text.</summary>
    public static void Write(Utf8JsonWriter json, JsonElement? format)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, format?.String("type") ?? "text");
        if (format is { } wanted && wanted.TryGetProperty("json_schema", out var named)
            && named.ValueKind == JsonValueKind.Object)
            foreach (var member in named.EnumerateObject().Where(x => x.Name != "type"))
                member.WriteTo(json);
        json.WriteEndObject();
    }
}
