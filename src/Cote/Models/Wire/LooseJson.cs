using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Cote.Models;

/// <summary>Reads JSON that others write carelessly: a member of the wrong kind is as good as none.</summary>
static class LooseJson
{
    public static JsonElement? Member(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;

    public static JsonElement? Member(this JsonElement json, string name, JsonValueKind kind) =>
        json.Member(name) is { } value && value.ValueKind == kind ? value : null;

    // In UTF-8, as JSON is: each piece of an answer is asked for some twenty names.
    public static JsonElement? Member(this JsonElement json, ReadOnlySpan<byte> name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;

    public static JsonElement? Member(this JsonElement json, ReadOnlySpan<byte> name, JsonValueKind kind) =>
        json.Member(name) is { } value && value.ValueKind == kind ? value : null;

    /// <summary>A count: 5, 5.0 or "5"; null where it is missing, negative or no number.</summary>
    public static long? Count(this JsonElement json, string name) => Count(json.Member(name));

    public static long? Count(this JsonElement json, ReadOnlySpan<byte> name) => Count(json.Member(name));

    static long? Count(JsonElement? member)
    {
        var number = member switch
        {
            { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var x) => x,
            { ValueKind: JsonValueKind.String } value
                when double.TryParse(value.String(), NumberStyles.Float, CultureInfo.InvariantCulture, out var x) => x,
            _ => -1,
        };
        return number is >= 0 and < 1e15 ? (long)number : null;
    }

    public static string? String(this JsonElement json, string name) => json.Member(name)?.String();

    public static string? String(this JsonElement json, ReadOnlySpan<byte> name) => json.Member(name)?.String();

    /// <summary>
    /// A string with half surrogate pairs as they are, and with U+FFFD for what is no UTF-8; null for other kinds.
    /// </summary>
    public static string? String(this JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, whose other half is in the next chunk, or broken UTF-8.
            return Unescape(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(json)[1..^1]));
        }
    }

    // Reads the escapes of a JSON string that was parsed before, and so is known to be one.
    static string Unescape(ReadOnlySpan<char> json)
    {
        var text = new StringBuilder(json.Length);
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] != '\\')
            {
                text.Append(json[i]);
                continue;
            }
            switch (json[++i])
            {
                case 'u':
                    text.Append((char)Convert.ToUInt16(json.Slice(i + 1, 4).ToString(), 16));
                    i += 4;
                    break;
                case var c:
                    text.Append(c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', _ => c });
                    break;
            }
        }
        return text.ToString();
    }
}
