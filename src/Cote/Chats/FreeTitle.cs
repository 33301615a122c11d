using System.Text;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>The title that a chat has of its first question, without any model.</summary>
static class FreeTitle
{
    public const int Longest = 60;

    /// <summary>
    /// The first line that has a letter or a digit, cut at a word; where there is none, the name of the first upload,
    /// else empty.
    /// </summary>
    public static string Of(string content, string? uploadName)
    {
        foreach (var line in content.AsSpan().EnumerateLines())
            if (HasWord(line))
                return Cut(line.Trim());
        return Cut((uploadName ?? "").AsSpan().Trim());
    }

    /// <summary>Whether there is a letter or a digit of any script.</summary>
    public static bool HasWord(ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
            if (Rune.IsLetterOrDigit(rune))
                return true;
        return false;
    }

    // Scripts without spaces, and words that are longer than a title, are cut where the room ends.
    static string Cut(ReadOnlySpan<char> line)
    {
        if (line.Length <= Longest)
            return line.ToString();
        var end = line[..(Longest + 1)].LastIndexOfAny(' ', '\t', '\u3000');
        var words = end > 0 ? line[..end].TrimEnd() : [];
        return HasWord(words) ? words.ToString() : Excerpt.Of(line.ToString(), Longest);
    }
}
