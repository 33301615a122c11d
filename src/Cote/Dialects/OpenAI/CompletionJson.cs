using System.Text.Json;

namespace Cote.Dialects.OpenAI;

/// <summary>What chat completions are made of, whether a turn or the gateway writes them.</summary>
static class CompletionJson
{
    /// <summary>Writes a call of a tool.</summary>
    /// <param name="json">Is written to.</param>
    /// <param name="index">Its place in a chunk; null in a whole message.</param>
    /// <param name="id">What its output is sent back with.</param>
    /// <param name="name">The tool.</param>
    /// <param name="arguments">A JSON text.</param>
    public static void WriteCall(Utf8JsonWriter json, int? index, string id, string name, string arguments)
    {
        json.WriteStartObject();
        if (index is { } place)
            json.WriteNumber("index"u8, place);
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "function");
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, name);
        json.WriteString("arguments"u8, arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes a citation of a page; its range is in UTF-16 units of the content.</summary>
    public static void WriteCitation(Utf8JsonWriter json, string url, string title, int start, int end)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "url_citation");
        json.WriteStartObject("url_citation"u8);
        json.WriteNumber("start_index"u8, start);
        json.WriteNumber("end_index"u8, end);
        json.WriteString("title"u8, title);
        json.WriteString("url"u8, url);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
