using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Models;

namespace Cote.Tools;

/// <summary>Reads the result of a call. What it does not know, or cannot read, is passed over.</summary>
static class McpResult
{
    const string AnyType = "application/octet-stream";
    static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="JsonException">It is no result of a call.</exception>
    public static ToolOutput Read(JsonNode? node)
    {
        if (node is not JsonObject result
            || (!result.ContainsKey("content") && !result.ContainsKey("structuredContent")))
            throw new JsonException("It is no result of a call.");
        var texts = new List<string>();
        var files = new List<ToolFile>();
        foreach (var block in (result["content"] as JsonArray ?? []).OfType<JsonObject>())
            Read(block, texts, files);
        var isError = result["isError"] is JsonValue value && value.GetValueKind() == JsonValueKind.True;
        var json = Structured(result["structuredContent"], texts);
        return new(WellFormedText.Of(json ?? string.Join('\n', texts)), json is not null, isError) { Files = files };
    }

    static void Read(JsonObject block, List<string> texts, List<ToolFile> files)
    {
        switch (Text(block, "type"))
        {
            case "text" when Text(block, "text") is { } text:
                texts.Add(text);
                break;
            case "image" or "audio":
                Add(files, Text(block, "mimeType"), null, Text(block, "data"));
                break;
            case "resource" when block["resource"] is JsonObject resource:
                if (Text(resource, "text") is { } inside)
                    texts.Add(inside);
                else
                    Add(files, Text(resource, "mimeType"), NameIn(Text(resource, "uri")), Text(resource, "blob"));
                break;
            case "resource_link" when Text(block, "uri") is { } uri:
                texts.Add($"[{Text(block, "title") ?? Text(block, "name") ?? "link"}: {uri}]");
                break;
        }
    }

    // The structured result, where the text says the same or nothing.
    static string? Structured(JsonNode? node, List<string> texts)
    {
        if (node is null || texts.Count > 1)
            return null;
        try
        {
            if (texts.Count == 1 && !JsonNode.DeepEquals(node, JsonNode.Parse(texts[0])))
                return null;
            return node.ToJsonString(Relaxed);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            // The text is no JSON, or the JSON has half a surrogate pair, which no writer writes.
            return null;
        }
    }

    static void Add(List<ToolFile> files, string? type, string? name, string? base64)
    {
        if (base64 is null || !Base64.IsValid(base64))
            return;
        var isType = type is { Length: <= McpLimits.Name } && MediaTypeHeaderValue.TryParse(type, out _);
        files.Add(new(isType ? type! : AnyType, name, Convert.FromBase64String(base64)));
    }

    static string? NameIn(string? uri)
    {
        var name = uri?.TrimEnd('/');
        name = name?[(name.LastIndexOf('/') + 1)..];
        return string.IsNullOrEmpty(name) ? null : McpTool.Cut(name, McpLimits.Name);
    }

    static string? Text(JsonObject node, string name) =>
        node[name] is JsonValue value && value.TryGetValue(out JsonElement json) ? json.String() : null;
}
