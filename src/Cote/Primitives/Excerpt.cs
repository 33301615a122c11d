namespace Cote.Primitives;

/// <summary>The beginning of a text, cut so that no surrogate pair is split.</summary>
static class Excerpt
{
    /// <summary>
    /// At most <paramref name="units"/> UTF-16 units of the text; one less where the cut would split a pair.
    /// </summary>
    public static string Of(string text, int units)
    {
        if (text.Length <= units)
            return text;
        return text[..(units > 0 && char.IsHighSurrogate(text[units - 1]) ? units - 1 : units)];
    }
}
