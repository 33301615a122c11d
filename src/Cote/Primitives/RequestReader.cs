using System.Globalization;
using System.Net.Mail;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Primitives;

/// <summary>One wrong field, in FastAPI's shape.</summary>
sealed record FieldError(string Type, JsonArray Loc, string Msg, JsonNode? Input, JsonObject? Ctx = null);

/// <summary>
/// Reads the fields of a request and notes every one that is wrong, so that one answer names them all. After the
/// last field, <see cref="Problem"/> is null or the 422 to answer; the values read are only good where it is null.
/// </summary>
public sealed class RequestReader
{
    const int LongestEcho = 1_000;
    static readonly HashSet<string> Hidden = new(
        ["password", "current_password", "refresh_token", "client_secret", "token", "ticket", "invitation_code"], StringComparer.OrdinalIgnoreCase);

    readonly List<FieldError> _violations = [];
    readonly JsonElement _body;
    readonly Problem? _unreadable;
    string _code = "validation_error";

    /// <summary>Checks an object that was read from the body.</summary>
    public RequestReader(JsonElement body)
    {
        _body = body;
        if (body.ValueKind is JsonValueKind.Undefined)
            Add("missing", ["body"], "Field required", null);
        else if (body.ValueKind is not JsonValueKind.Object)
            Add("model_attributes_type", ["body"],
                "Input should be a valid dictionary or object to extract fields from",
                body.ValueKind == JsonValueKind.String ? null : Echo(body)); // an object encoded twice is a text, passwords and all
    }

    /// <summary>Checks a request without a body.</summary>
    public RequestReader() { }

    /// <summary>A body that could not even be read: whatever is asked of it, this is the answer.</summary>
    internal RequestReader(Problem unreadable) => _unreadable = unreadable;

    /// <summary>Null where all is well, else the 422 that names what is wrong.</summary>
    public Problem? Problem => _unreadable ?? (_violations.Count == 0 ? null : Problems.Invalid(_violations, _code));

    /// <summary>Is the field there, be it null?</summary>
    public bool Has(string name) => Find(name, out _);

    /// <summary>A text of <paramref name="min"/> to <paramref name="max"/> characters (UTF-16 units).</summary>
    public string Text(string name, int min, int max)
    {
        if (TryGet(name, out var value))
            return TextOf(name, value, min, max) ?? "";
        Missing(name);
        return "";
    }

    /// <summary>The same, or null where it is absent or null.</summary>
    public string? OptionalText(string name, int min, int max) =>
        TryGet(name, out var value) ? TextOf(name, value, min, max) : null;

    /// <summary>An id: a UUID in any case; null where absent.</summary>
    public string? OptionalId(string name)
    {
        if (OptionalText(name, 0, int.MaxValue) is not { } text)
            return null;
        if (Ids.Parse(text) is { } id)
            return id;
        Add("uuid_parsing", ["body", name], "Input should be a valid UUID", text);
        return null;
    }

    /// <summary>An id that must be there.</summary>
    public string Id(string name)
    {
        if (!Has(name))
            Missing(name);
        return OptionalId(name) ?? "";
    }

    /// <summary>An e-mail address.</summary>
    public string Email(string name, int max)
    {
        var text = Text(name, 0, max);
        // MailAddress also takes display names and quoted oddities: only the plain form, with a dotted host, is an account.
        if (text.Length > 0 && MailAddress.TryCreate(text, out var mail) && mail.Address == text
            && mail.Host.Contains('.') && !mail.Host.EndsWith('.') && !text.Any(char.IsWhiteSpace) && !text.Contains('"'))
            return text;
        if (TryGet(name, out var value) && value.ValueKind == JsonValueKind.String && !Noted(name))
            AddError(name, "value is not a valid email address");
        return text;
    }

    /// <summary>One of a few words.</summary>
    public string Choice(string name, string absent, params ReadOnlySpan<string> choices)
    {
        if (!TryGet(name, out var value))
            return absent;
        if (WellFormed(value) is { } text && choices.Contains(text))
            return text;
        var expected = choices.Length == 1 ? $"'{choices[0]}'"
            : string.Join(", ", choices[..^1].ToArray().Select(x => $"'{x}'")) + $" or '{choices[^1]}'";
        Add("literal_error", ["body", name], $"Input should be {expected}", Echo(name, value), new() { ["expected"] = expected });
        return absent;
    }

    /// <summary>True or false; null where absent.</summary>
    public bool? OptionalFlag(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Add("bool_type", ["body", name], "Input should be a valid boolean", Echo(name, value));
        return null;
    }

    /// <summary>A flag that must be there.</summary>
    public bool Flag(string name)
    {
        if (!TryGet(name, out _))
            Missing(name);
        return OptionalFlag(name) ?? false;
    }

    /// <summary>A whole number; null where absent.</summary>
    public long? OptionalInteger(string name, long min, long max)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
            return Bounds(["body", name], number, min, max, Echo(name, value)) ? number : null;
        Add("int_type", ["body", name], "Input should be a valid integer", Echo(name, value));
        return null;
    }

    /// <summary>A number; null where absent.</summary>
    public double? OptionalNumber(string name, double min, double max)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
            return Bounds(["body", name], number, min, max, Echo(name, value)) ? number : null;
        Add("float_type", ["body", name], "Input should be a valid number", Echo(name, value));
        return null;
    }

    /// <summary>A list of texts; empty where absent.</summary>
    public IReadOnlyList<string> Texts(string name, int max, int longest)
    {
        if (!TryGet(name, out var value))
            return [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            Add("list_type", ["body", name], "Input should be a valid list", Echo(name, value));
            return [];
        }
        if (value.GetArrayLength() > max)
        {
            Add("too_long", ["body", name], $"List should have at most {max} items after validation, not {value.GetArrayLength()}",
                Echo(name, value), new() { ["max_length"] = max });
            return [];
        }
        var index = 0;
        var texts = new List<string>();
        foreach (var item in value.EnumerateArray())
            texts.Add(TextOf(name, item, 0, longest, index++) ?? "");
        return texts;
    }

    /// <summary>A whole number of the query; null where absent.</summary>
    public long? QueryInteger(string name, string? text, long min, long max)
    {
        if (text is null)
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return Bounds(["query", name], number, min, max, text) ? number : null;
        Add("int_parsing", ["query", name], "Input should be a valid integer, unable to parse string as an integer", text);
        return null;
    }

    /// <summary>An id of the query; null where absent.</summary>
    public string? QueryId(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (Ids.Parse(text) is { } id)
            return id;
        Add("uuid_parsing", ["query", name], "Input should be a valid UUID", Short(text));
        return null;
    }

    /// <summary>Notes what only the verb can know to be wrong with a field.</summary>
    /// <param name="name">The field of the body.</param>
    /// <param name="sentence">What is wrong with it.</param>
    /// <param name="code">A code of its own in place of <c>validation_error</c>.</param>
    public void AddError(string name, string sentence, string? code = null)
    {
        _code = code ?? _code;
        Add("value_error", ["body", name], "Value error, " + sentence,
            Find(name, out var value) ? Echo(name, value) : null, new() { ["error"] = sentence });
    }

    /// <summary>A whole number in a header that must be there.</summary>
    public long HeaderInteger(string name, string? text, long min)
    {
        if (string.IsNullOrEmpty(text))
            Add("missing", ["header", name], "Field required", null);
        else if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            Add("int_parsing", ["header", name], "Input should be a valid integer, unable to parse string as an integer", Short(text));
        else if (Bounds(["header", name], number, min, long.MaxValue, text))
            return number;
        return min;
    }

    /// <summary>Notes what is wrong with a parameter of the query.</summary>
    public void AddQueryError(string name, string sentence, string? input) =>
        Add("value_error", ["query", name], "Value error, " + sentence, Short(input), new() { ["error"] = sentence });

    /// <summary>The 422 for a body that is no JSON.</summary>
    internal static Problem InvalidJson(long position) => Problems.Invalid(
        [new("json_invalid", ["body", position], "JSON decode error", new JsonObject(), new() { ["error"] = "Expecting valid JSON in UTF-8" })]);

    /// <summary>A JSON string; null where it is none, or holds half a surrogate pair: no text that UTF-8 could hold.</summary>
    internal static string? WellFormed(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The 422 for a form that is none.</summary>
    internal static Problem InvalidForm => Problems.Invalid(
        [new("value_error", ["body"], "Value error, the form is broken", null, new() { ["error"] = "the form is broken" })]);

    string? TextOf(string name, JsonElement value, int min, int max, int? index = null)
    {
        JsonArray Loc() => index is { } i ? ["body", name, i] : ["body", name];
        if (value.ValueKind != JsonValueKind.String)
        {
            Add("string_type", Loc(), "Input should be a valid string", Echo(name, value));
            return null;
        }
        if (WellFormed(value) is not { } text)
        {
            Add("string_unicode", Loc(), "Input should be a valid string, unable to parse raw data as a unicode string", null);
            return null;
        }
        if (text.Contains('\0'))
            Add("value_error", Loc(), "Value error, text must not contain U+0000", null, new() { ["error"] = "text must not contain U+0000" });
        else if (text.Length < min)
            Add("string_too_short", Loc(), $"String should have at least {Characters(min)}", Echo(name, value), new() { ["min_length"] = min });
        else if (text.Length > max)
            Add("string_too_long", Loc(), $"String should have at most {Characters(max)}", Echo(name, value), new() { ["max_length"] = max });
        else
            return text;
        return null;
    }

    static string Characters(int count) => count == 1 ? "1 character" : $"{count} characters";

    bool Bounds<T>(JsonArray loc, T number, T min, T max, JsonNode? input) where T : struct, IComparable<T>
    {
        if (number.CompareTo(min) < 0)
            Add("greater_than_equal", loc, $"Input should be greater than or equal to {min}", input, new() { ["ge"] = JsonValue.Create(min) });
        else if (number.CompareTo(max) > 0)
            Add("less_than_equal", loc, $"Input should be less than or equal to {max}", input, new() { ["le"] = JsonValue.Create(max) });
        else
            return true;
        return false;
    }

    void Missing(string name)
    {
        if (_body.ValueKind == JsonValueKind.Object)
            Add("missing", ["body", name], "Field required", Echo(_body));
    }

    // A field that is null counts as absent; so says the contract.
    bool TryGet(string name, out JsonElement value) => Find(name, out value) && value.ValueKind != JsonValueKind.Null;

    bool Find(string name, out JsonElement value)
    {
        value = default;
        return _body.ValueKind == JsonValueKind.Object && _body.TryGetProperty(name, out value);
    }

    bool Noted(string name) => _violations.Any(x => x.Loc.Count > 1 && x.Loc[1]!.ToString() == name);

    void Add(string type, JsonArray loc, string msg, JsonNode? input, JsonObject? ctx = null) =>
        _violations.Add(new(type, loc, msg, input, ctx));

    static JsonNode? Echo(string name, JsonElement value) => Hidden.Contains(name) ? "***" : Echo(value);

    // What was sent goes back with the error, but never a secret, and never so much that the answer itself is a burden.
    static JsonNode? Echo(JsonElement value)
    {
        try
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    var shown = new JsonObject();
                    foreach (var field in value.EnumerateObject().Take(20))
                        shown[field.Name] = Echo(field.Name, field.Value);
                    return shown;
                case JsonValueKind.Array:
                    return new JsonArray([.. value.EnumerateArray().Take(20).Select(Echo)]);
                case JsonValueKind.String:
                    return Short(value.GetString());
                case JsonValueKind.Null or JsonValueKind.Undefined:
                    return null;
                default:
                    var raw = value.GetRawText();
                    return raw.Length > LongestEcho ? Short(raw) : JsonNode.Parse(raw);
            }
        }
        catch (InvalidOperationException) // a lone surrogate somewhere inside
        {
            return null;
        }
    }

    static string? Short(string? text)
    {
        if (text is null || text.Length <= LongestEcho)
            return text;
        var end = char.IsHighSurrogate(text[LongestEcho - 1]) ? LongestEcho - 1 : LongestEcho;
        return text[..end] + "…";
    }
}
