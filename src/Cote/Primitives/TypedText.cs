using System.Globalization;
using System.Text;

namespace Cote.Primitives;

/// <summary>What keyboards and clipboards add to a text that a person types.</summary>
static class TypedText
{
    /// <summary>
    /// The text without spaces and invisible format characters around it: a keyboard adds a space after a completed
    /// word, a clipboard marks of direction. Line breaks and tabs stay, and make a name invalid.
    /// </summary>
    public static string Trim(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && IsAdded(text[start]))
            start++;
        while (end > start && IsAdded(text[end - 1]))
            end--;
        return text[start..end];
    }

    /// <summary>
    /// A password as it is hashed, by the OpaqueString profile of RFC 8265: any space is U+0020, and letters are in
    /// normalization form C. The same password typed on two devices is the same text then.
    /// </summary>
    public static string Password(string text)
    {
        if (text.Any(x => x != ' ' && IsSpace(x)))
        {
            var spaced = new StringBuilder(text.Length);
            foreach (var unit in text)
                spaced.Append(IsSpace(unit) ? ' ' : unit);
            text = spaced.ToString();
        }
        return Nfc.Normalize(text);
    }

    static bool IsAdded(char unit) =>
        IsSpace(unit) || CharUnicodeInfo.GetUnicodeCategory(unit) == UnicodeCategory.Format;

    static bool IsSpace(char unit) => CharUnicodeInfo.GetUnicodeCategory(unit) == UnicodeCategory.SpaceSeparator;
}
