using System.Text;

namespace Cote.Primitives;

/// <summary>Texts by their length in UTF-8.</summary>
static class Utf8Text
{
    /// <summary>The beginning of a text that has at most so many bytes, cut between characters.</summary>
    public static string Beginning(string text, int bytes)
    {
        if (text.Length * 3L <= bytes)
            return text;
        var units = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes -= rune.Utf8SequenceLength;
            if (bytes < 0)
                return text[..units];
            units += rune.Utf16SequenceLength;
        }
        return text;
    }
}
