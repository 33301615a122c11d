using System.Globalization;
using System.Text;

namespace Cote.Media.Reading;

/// <summary>
/// Objects of a PDF that are nothing but a reference to another. The library follows them by calls, and in a circle
/// until the process ends; so circles are found before.
/// </summary>
static class PdfCircles
{
    const int MostReferences = 1_000_000;

    /// <exception cref="UnreadableException">There is a circle.</exception>
    public static void Check(ReadOnlySpan<byte> file)
    {
        var targets = new Dictionary<int, int>();
        var rest = file;
        while (targets.Count < MostReferences && rest.IndexOf(" obj"u8) is >= 0 and var at)
        {
            var before = rest[..at].TrimEnd("0123456789"u8).TrimEnd(" \r\n\t"u8);
            var number = before[before.TrimEnd("0123456789"u8).Length..];
            rest = rest[(at + " obj"u8.Length)..];
            var body = rest;
            if (TryRead(number, out var id) && TryTake(ref body, out var target) && TryTake(ref body, out _)
                && Skip(body).StartsWith("R"u8))
                targets[id] = target;
        }
        var safe = new HashSet<int>();
        foreach (var start in targets.Keys)
        {
            var seen = new HashSet<int>();
            for (var id = start; !safe.Contains(id) && targets.TryGetValue(id, out var next); id = next)
                if (!seen.Add(id))
                    throw new UnreadableException(UnreadableException.Damaged);
            safe.UnionWith(seen);
        }
    }

    static ReadOnlySpan<byte> Skip(ReadOnlySpan<byte> text)
    {
        while ((text = text.TrimStart(" \r\n\t\f\0"u8)).StartsWith("%"u8))
            text = text.IndexOfAny("\r\n"u8) is >= 0 and var end ? text[end..] : [];
        return text;
    }

    static bool TryTake(ref ReadOnlySpan<byte> text, out int number)
    {
        text = Skip(text);
        var digits = text[..^text.TrimStart("0123456789"u8).Length];
        text = text[digits.Length..];
        return TryRead(digits, out number);
    }

    static bool TryRead(ReadOnlySpan<byte> digits, out int number) => int.TryParse(
        Encoding.Latin1.GetString(digits[..Math.Min(digits.Length, 11)]), NumberStyles.None,
        CultureInfo.InvariantCulture, out number);
}
