using System.Text.Json;

namespace Cote.Dialects.OpenAI;

/// <summary>What a deletion answers.</summary>
static class DeletedObject
{
    public static void Write(Utf8JsonWriter json, string id, string type)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, $"{type}.deleted");
        json.WriteBoolean("deleted"u8, true);
        json.WriteEndObject();
    }
}
