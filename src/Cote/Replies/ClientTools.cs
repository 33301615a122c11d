using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cote.Models;
using Cote.Tools;

namespace Cote.Replies;

/// <summary>The tools that a client brings with a question. They hold for all its replies.</summary>
static class ClientTools
{
    public const int Most = 32;
    const int MaxBytes = 65_536;
    public const int LongestClientId = 64;
    const int LongestDescription = 16_384;

    // As they are sent: what is written in escapes takes up to three times as much.
    static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}"""u8);

    /// <summary>Reads them, and the installation that brings them; what is wrong is an error of the request.</summary>
    /// <returns>The tools as JSON, or null, and the installation, or null.</returns>
    public static (string? Tools, string? ClientId) Read(RequestReader request, ToolRegistry server)
    {
        var items = request.NestedObjects("client_tools", Most);
        var clientId = items.Count > 0 ? request.Text("client_id", 1, LongestClientId)
            : request.OptionalText("client_id", 1, LongestClientId);
        if (items.Count == 0)
            return (null, clientId);
        var names = new HashSet<string>(StringComparer.Ordinal);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            json.WriteStartArray();
            foreach (var item in items)
                Copy(item, names, server, json);
            json.WriteEndArray();
        }
        if (buffer.Length > MaxBytes)
            request.AddError("client_tools", "the tools have more than 64 KB of JSON");
        return (Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length), clientId);
    }

    /// <summary>The definitions of stored tools.</summary>
    public static IReadOnlyList<ToolDefinition> Parse(string? json)
    {
        if (json is null)
            return [];
        using var tools = JsonDocument.Parse(json);
        return [.. tools.RootElement.EnumerateArray().Select(x => new ToolDefinition(
            x.String("name") ?? "", null, ToolSources.Client, x.String("description") ?? "",
            x.GetProperty("parameters").Clone()))];
    }

    static void Copy(RequestReader item, HashSet<string> names, ToolRegistry server, Utf8JsonWriter json)
    {
        var name = item.Text("name", 1, ToolNames.MaxLength);
        var description = item.OptionalText("description", 0, LongestDescription) ?? "";
        var parameters = item.OptionalNestedObject("parameters")?.Json ?? NoParameters;
        if (name.Length > 0 && !ToolNames.IsName(name))
            item.AddError("name", "a name of a tool has letters, digits, `_` and `-`");
        else if (name.Length > 0 && !names.Add(name))
            item.AddError("name", "two tools have this name");
        else if (server.Has(name))
            item.AddError("name", "a tool of the server has this name, or may have it");
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString("description"u8, description);
        json.WritePropertyName("parameters"u8);
        parameters.WriteTo(json);
        json.WriteEndObject();
    }
}
