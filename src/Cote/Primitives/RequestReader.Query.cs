using System.Globalization;
using Cote.Primitives;

namespace Cote;

// Parameters of the query, and headers.
public sealed partial class RequestReader
{
    const string NoInteger = "Input should be a valid integer, unable to parse string as an integer";

    /// <summary>
    /// A whole number of the query, from <paramref name="min"/> to <paramref name="max"/>; null where absent.
    /// </summary>
    public long? QueryInteger(string name, string? text, long min, long max)
    {
        if (text is null)
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return IsWithin(["query", name], number, min, max, text) ? number : null;
        _errors.Add("int_parsing", ["query", name], NoInteger, FieldErrors.Echo(text));
        return null;
    }

    /// <summary>A text of the query that must be there.</summary>
    public string QueryText(string name, string? text, int min, int max)
    {
        if (text is null)
            _errors.Add("missing", ["query", name], "Field required", null);
        else if (IsText(["query", name], text, min, max, FieldErrors.Echo(text)))
            return text;
        return "";
    }

    /// <summary>An id of the query; null where it is absent or empty.</summary>
    public string? QueryId(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (Ids.Parse(text) is { } id)
            return id;
        _errors.Add("uuid_parsing", ["query", name], "Input should be a valid UUID", FieldErrors.Echo(text));
        return null;
    }

    /// <summary><c>true</c> or <c>false</c> of the query; null where it is absent, which is an error where
    /// <paramref name="isRequired"/>.</summary>
    internal bool? QueryFlag(string name, string? text, bool isRequired = false)
    {
        if (text is "true" or "false")
            return text == "true";
        if (text is null && isRequired)
            _errors.Add("missing", ["query", name], "Field required", null);
        else if (text is not null)
            _errors.Add("bool_parsing", ["query", name],
                "Input should be a valid boolean, unable to interpret input: send true or false",
                FieldErrors.Echo(text));
        return null;
    }

    /// <summary>A whole number in a header that must be there, at least <paramref name="min"/>.</summary>
    public long HeaderInteger(string name, string? text, long min)
    {
        if (string.IsNullOrEmpty(text))
            _errors.Add("missing", ["header", name], "Field required", null);
        else if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            _errors.Add("int_parsing", ["header", name], NoInteger, FieldErrors.Echo(text));
        else if (IsWithin(["header", name], number, min, long.MaxValue, text))
            return number;
        return min;
    }

    /// <summary>Adds an error of a parameter of the query that only the verb can see.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="sentence">What is wrong with it.</param>
    /// <param name="input">What was sent.</param>
    public void AddQueryError(string name, string sentence, string? input) =>
        _errors.AddValue(["query", name], sentence, FieldErrors.Echo(input));
}
