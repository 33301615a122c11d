using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// What a provider demands back of a model's thoughts, in <see cref="TextReasoningContent.ProtectedData"/>:
/// <c>{"by": …, "data": …}</c>. Only the model that made it gets it, because others refuse it.
/// </summary>
static class SealedReasoning
{
    // What is longer is not kept, and so not given back.
    const int MaxBytes = 1024 * 1024;

    /// <summary>The content that carries it; null where it is too long.</summary>
    public static TextReasoningContent? Seal(string by, Action<Utf8JsonWriter> writeData)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("by", by);
            json.WritePropertyName("data");
            writeData(json);
            json.WriteEndObject();
        }
        return buffer.Length > MaxBytes ? null
            : new("") { ProtectedData = Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length) };
    }

    /// <summary>The data as its wire wrote it; null where another model made it.</summary>
    public static JsonElement? Open(TextReasoningContent content, string by)
    {
        try
        {
            if (content.ProtectedData is not { Length: > 0 } text)
                return null;
            using var json = JsonDocument.Parse(text);
            return json.RootElement.String("by") == by
                ? json.RootElement.Member("data", JsonValueKind.Object)?.Clone() : null;
        }
        catch (JsonException)
        {
            return null; // A client of a host's own seals as it likes.
        }
    }
}
