namespace Cote.Primitives;

/// <summary>The beginning of a text, cut so that no surrogate pair is split.</summary>
static class Excerpt
{
    public static string Of(string text, int units)
    {
        if (text.Length <= units)
            return text;
        return text[..(char.IsHighSurrogate(text[units - 1]) ? units - 1 : units)];
    }
}
