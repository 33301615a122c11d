using System.Buffers;
using System.Text.Json;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// Changes members of a JSON object where they stand, and leaves every other byte as it is: what one side wrote, the
/// other side reads.
/// </summary>
static class JsonSplice
{
    /// <summary>The object with these members changed, those that it has not at its end.</summary>
    /// <param name="json">A JSON object that was parsed before.</param>
    /// <param name="members">Names in ASCII, with the JSON of their values.</param>
    public static byte[] Set(ReadOnlySpan<byte> json, params ReadOnlySpan<(string Name, byte[] Value)> members)
    {
        var places = new (int Start, int End)?[members.Length];
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var isEmpty = true;
        var end = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject)
            {
                end = (int)reader.TokenStartIndex;
                break;
            }
            isEmpty = false;
            var found = -1;
            for (var i = 0; i < members.Length; i++)
                if (reader.ValueTextEquals(members[i].Name))
                    found = i;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found >= 0)
                places[found] = (start, (int)reader.BytesConsumed);
        }
        return Write(json, members, places, end, isEmpty);
    }

    /// <summary>The bytes of a member's value as they stand; empty where the object has it not.</summary>
    public static ReadOnlySpan<byte> Get(ReadOnlySpan<byte> json, string name)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isIt)
                return json[start..(int)reader.BytesConsumed];
        }
        return [];
    }

    static byte[] Write(
        ReadOnlySpan<byte> json, ReadOnlySpan<(string Name, byte[] Value)> members, (int Start, int End)?[] places,
        int end, bool isEmpty)
    {
        var output = new ArrayBufferWriter<byte>(json.Length + 256);
        var at = 0;
        foreach (var i in Enumerable.Range(0, places.Length).Where(x => places[x] is not null)
            .OrderBy(x => places[x]!.Value.Start))
        {
            output.Write(json[at..places[i]!.Value.Start]);
            output.Write(members[i].Value);
            at = places[i]!.Value.End;
        }
        output.Write(json[at..end]);
        for (var i = 0; i < places.Length; i++)
            if (places[i] is null)
            {
                if (!isEmpty)
                    output.Write(","u8);
                output.Write(JsonSerializer.SerializeToUtf8Bytes(members[i].Name, OpenAIJson.Default.String));
                output.Write(":"u8);
                output.Write(members[i].Value);
                isEmpty = false;
            }
        output.Write(json[end..]);
        return output.WrittenSpan.ToArray();
    }
}
