using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Primitives;

namespace Cote;

// The fields of the body.
public sealed partial class RequestReader
{
    /// <summary>A text of <paramref name="min"/> to <paramref name="max"/> characters (UTF-16 units).</summary>
    public string Text(string name, int min, int max) =>
        Required(name) is { } value ? TextOf(Loc(name), name, value, min, max) ?? "" : "";

    /// <summary>The same, or null where it is absent or null.</summary>
    public string? OptionalText(string name, int min, int max) =>
        TryGet(name, out var value) ? TextOf(Loc(name), name, value, min, max) : null;

    /// <summary>
    /// A text that a person types: what <paramref name="normalize"/> makes of it, whose length counts. What is refused
    /// is repeated in the error as it was sent.
    /// </summary>
    public string Text(string name, int min, int max, Func<string, string> normalize) =>
        Required(name) is { } value ? TextOf(Loc(name), name, value, min, max, normalize) ?? "" : "";

    /// <summary>An id: a UUID with dashes in any case, returned in lower case; null where absent.</summary>
    public string? OptionalId(string name)
    {
        if (OptionalText(name, 0, int.MaxValue) is not { } text)
            return null;
        if (Ids.Parse(text) is { } id)
            return id;
        _errors.Add("uuid_parsing", Loc(name), "Input should be a valid UUID", FieldErrors.Echo(text));
        return null;
    }

    /// <summary>An id that must be there.</summary>
    public string Id(string name)
    {
        if (!Has(name))
            AddMissing(name);
        return OptionalId(name) ?? "";
    }

    /// <summary>
    /// An e-mail address without a display name, in the form that is stored: the space around it removed, a host that
    /// is not ASCII as punycode (<c>ada@xn--bcher-kva.example</c>).
    /// </summary>
    /// <param name="name">The field.</param>
    /// <param name="max">The longest address, in UTF-16 units of that form.</param>
    public string Email(string name, int max)
    {
        var text = Text(name, 0, max, x => EmailAddress.Parse(x) ?? x);
        if (TryGet(name, out var value) && value.ValueKind == JsonValueKind.String && EmailAddress.Parse(text) is null
            && !_errors.Has(Loc(name)))
            AddError(name, "value is not a valid email address");
        return text;
    }

    /// <summary>One of a few words.</summary>
    /// <param name="name">The field.</param>
    /// <param name="absent">What holds where the field is absent.</param>
    /// <param name="choices">The words, compared exactly.</param>
    public string Choice(string name, string absent, params ReadOnlySpan<string> choices) =>
        OptionalChoice(name, choices) ?? absent;

    /// <summary>The same; null where it is absent or null.</summary>
    internal string? OptionalChoice(string name, params ReadOnlySpan<string> choices)
    {
        if (!TryGet(name, out var value))
            return null;
        if (WellFormed(value) is { } text && choices.Contains(text))
            return text;
        var expected = choices.Length == 1 ? $"'{choices[0]}'"
            : string.Join(", ", choices[..^1].ToArray().Select(x => $"'{x}'")) + $" or '{choices[^1]}'";
        _errors.Add("literal_error", Loc(name), $"Input should be {expected}",
            FieldErrors.Echo(name, value), new() { ["expected"] = expected });
        return null;
    }

    /// <summary>True or false; null where absent.</summary>
    public bool? OptionalFlag(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        _errors.Add("bool_type", Loc(name), "Input should be a valid boolean", FieldErrors.Echo(name, value));
        return null;
    }

    /// <summary>True or false, which must be there.</summary>
    public bool Flag(string name)
    {
        _ = Required(name);
        return OptionalFlag(name) ?? false;
    }

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>; null where absent.</summary>
    public long? OptionalInteger(string name, long min, long max)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
            return IsWithin(Loc(name), number, min, max, FieldErrors.Echo(name, value)) ? number : null;
        _errors.Add("int_type", Loc(name), "Input should be a valid integer", FieldErrors.Echo(name, value));
        return null;
    }

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>; null where absent.</summary>
    public double? OptionalNumber(string name, double min, double max)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
            return IsWithin(Loc(name), number, min, max, FieldErrors.Echo(name, value)) ? number : null;
        _errors.Add("float_type", Loc(name), "Input should be a valid number", FieldErrors.Echo(name, value));
        return null;
    }

    /// <summary>A list of texts; empty where absent.</summary>
    /// <param name="name">The field.</param>
    /// <param name="max">The most items.</param>
    /// <param name="longest">The longest text, in UTF-16 units.</param>
    public IReadOnlyList<string> Texts(string name, int max, int longest) =>
        [.. List(name, max).Select(x => TextOf(Loc(name, x.Index), name, x.Item, 0, longest) ?? "")];

    /// <summary>
    /// A JSON string; null where it is none, or holds half a surrogate pair: no text that UTF-8 could hold.
    /// </summary>
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

    IEnumerable<(int Index, JsonElement Item)> List(string name, int max)
    {
        if (!TryGet(name, out var value))
            return [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            _errors.Add("list_type", Loc(name), "Input should be a valid list", FieldErrors.Echo(name, value));
            return [];
        }
        if (value.GetArrayLength() > max)
        {
            _errors.Add("too_long", Loc(name),
                $"List should have at most {max} items after validation, not {value.GetArrayLength()}",
                FieldErrors.Echo(name, value), new() { ["max_length"] = max });
            return [];
        }
        return value.EnumerateArray().Index();
    }

    JsonElement? Required(string name)
    {
        if (TryGet(name, out var value))
            return value;
        AddMissing(name);
        return null;
    }

    string? TextOf(
        JsonArray loc, string name, JsonElement value, int min, int max, Func<string, string>? normalize = null)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            _errors.Add("string_type", loc, "Input should be a valid string", FieldErrors.Echo(name, value));
            return null;
        }
        if (WellFormed(value) is not { } text)
        {
            _errors.Add("string_unicode", loc,
                "Input should be a valid string, unable to parse raw data as a unicode string", null);
            return null;
        }
        if (!text.Contains('\0'))
            text = normalize?.Invoke(text) ?? text;
        return IsText(loc, text, min, max, FieldErrors.Echo(name, value)) ? text : null;
    }

    bool IsText(JsonArray loc, string text, int min, int max, JsonNode? input)
    {
        if (text.Contains('\0'))
            _errors.AddValue(loc, "text must not contain U+0000", null);
        else if (text.Length < min)
            _errors.Add("string_too_short", loc, $"String should have at least {Characters(min)}", input,
                new() { ["min_length"] = min });
        else if (text.Length > max)
            _errors.Add("string_too_long", loc, $"String should have at most {Characters(max)}", input,
                new() { ["max_length"] = max });
        else
            return true;
        return false;
    }

    static string Characters(int count) => count == 1 ? "1 character" : $"{count} characters";

    bool IsWithin<T>(JsonArray loc, T number, T min, T max, JsonNode? input) where T : struct, INumber<T>
    {
        if (number < min)
            _errors.Add("greater_than_equal", loc, $"Input should be greater than or equal to {min}", input,
                new() { ["ge"] = JsonValue.Create(min) });
        else if (number > max)
            _errors.Add("less_than_equal", loc, $"Input should be less than or equal to {max}", input,
                new() { ["le"] = JsonValue.Create(max) });
        else
            return true;
        return false;
    }
}
