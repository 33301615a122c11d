using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Cote.Chats;

/// <summary>
/// Reads the values of exports as they come: what is missing, <c>null</c> or of another kind is nothing, and a text
/// that is not well-formed is made so.
/// </summary>
static class LooseExport
{
    const char Replacement = '\uFFFD';
    static readonly DateTimeOffset Latest = new(9_999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Recursive exports lie as deep as their chats are long; their messages are checked one by one.</summary>
    public static readonly JsonDocumentOptions Reading = new()
    {
        MaxDepth = 4 * ImportLimits.MessagesOfChat,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>A member of an object; of anything else, and where there is none, a value that is nothing.</summary>
    public static JsonElement Get(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : default;

    /// <summary>This value, or where it is nothing another.</summary>
    public static JsonElement Or(this JsonElement json, JsonElement other) =>
        json.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? other : json;

    public static bool Is(this JsonElement json, JsonValueKind kind) => json.ValueKind == kind;

    public static bool IsTrue(this JsonElement json, string name) => json.Get(name).ValueKind == JsonValueKind.True;

    public static IEnumerable<JsonElement> Items(this JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? json.EnumerateArray() : [];

    public static IEnumerable<JsonProperty> Members(this JsonElement json) =>
        json.ValueKind == JsonValueKind.Object ? json.EnumerateObject() : [];

    /// <summary>A text, well-formed and without U+0000; null where the value is none.</summary>
    public static string? AsText(this JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            var text = json.GetString()!;
            return text.Contains('\0') ? text.Replace('\0', Replacement) : text;
        }
        catch (InvalidOperationException) // half a surrogate pair, or bytes that are no UTF-8
        {
            return WellFormed(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(json))[1..^1]);
        }
    }

    public static string? AsText(this JsonElement json, string name) => json.Get(name).AsText();

    /// <summary>The first of these members that is a text with letters.</summary>
    public static string? FirstText(this JsonElement json, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (json.AsText(name) is { Length: > 0 } text)
                return text;
        return null;
    }

    /// <summary>The id of something: a text, or a number as a text.</summary>
    public static string? IdText(this JsonElement json, string name) => json.Get(name) switch
    {
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        var value => value.AsText() is { Length: > 0 } text ? text : null,
    };

    public static double? AsNumber(this JsonElement json, string name) =>
        json.Get(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number)
            && double.IsFinite(number) ? number : null;

    /// <summary>
    /// A time: seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or a text, or a date as text.
    /// </summary>
    public static Timestamp? AsTime(this JsonElement json, string name)
    {
        if (json.AsNumber(name) is { } number)
            return OfNumber(number);
        if (json.AsText(name) is not { } text)
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
            return OfNumber(number);
        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time < Latest
            && time >= DateTimeOffset.UnixEpoch ? Timestamp.From(time) : null;
    }

    /// <summary>Whether arrays and objects lie deeper inside each other than so many levels.</summary>
    public static bool IsDeeper(this JsonElement json, int levels, string? but = null) => json.ValueKind switch
    {
        JsonValueKind.Object =>
            levels == 0 || json.EnumerateObject().Any(x => x.Name != but && x.Value.IsDeeper(levels - 1)),
        JsonValueKind.Array => levels == 0 || json.EnumerateArray().Any(x => x.IsDeeper(levels - 1)),
        _ => false,
    };

    static Timestamp? OfNumber(double number)
    {
        var milliseconds = number switch
        {
            <= 0 => -1,
            < 1e11 => number * 1e3,
            < 1e14 => number,
            < 1e17 => number / 1e3,
            _ => number / 1e6,
        };
        return milliseconds >= 0 && milliseconds < Latest.ToUnixTimeMilliseconds()
            ? new Timestamp((long)Math.Round(milliseconds)) : null;
    }

    // A JSON text whose escapes are read by hand, since the parser takes no half of a pair.
    static string WellFormed(string escaped)
    {
        var text = new StringBuilder(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '\\' || i + 1 == escaped.Length)
                text.Append(escaped[i]);
            else if (escaped[++i] != 'u')
                text.Append(escaped[i] switch
                {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\b',
                    'f' => '\f',
                    var letter => letter,
                });
            else if (i + 4 < escaped.Length
                && ushort.TryParse(escaped.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, null, out var unit))
                (_, i) = (text.Append((char)unit), i + 4);
        }
        for (var i = 0; i < text.Length; i++)
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (text[i] == '\0' || char.IsSurrogate(text[i]))
                text[i] = Replacement;
        return text.ToString();
    }
}
