namespace Cote.Chats;

/// <summary>The piece of a text that shows what was found in it.</summary>
/// <param name="Text">At most <see cref="Longest"/> UTF-16 units, as they stand in the text.</param>
/// <param name="Ranges">What was found, ascending and without overlaps.</param>
sealed record Snippet(string Text, IReadOnlyList<IReadOnlyList<int>> Ranges)
{
    public const int Longest = 300;
    const int Before = 80;
    const int WordLooked = 40; // how far a cut moves to stand between two words

    /// <summary>The piece around the first of what was found.</summary>
    public static Snippet Of(string text, FoldedText folded, List<(int Start, int End)> found)
    {
        var ranges = Join(found.Select(x => (folded.StartOf(x.Start), folded.EndOf(x.End - 1))));
        var (start, end) = Cut(text, ranges[0].Start, ranges[0].End);
        return new(text[start..end],
        [
            .. ranges.Where(x => x.Start >= start && (x.End <= end || x == ranges[0]))
                .Select(x => (int[])[x.Start - start, Math.Min(x.End, end) - start]),
        ]);
    }

    static List<(int Start, int End)> Join(IEnumerable<(int Start, int End)> ranges)
    {
        var joined = new List<(int Start, int End)>();
        foreach (var range in ranges.Order())
            if (joined.Count > 0 && range.Start < joined[^1].End)
                joined[^1] = (joined[^1].Start, Math.Max(joined[^1].End, range.End));
            else
                joined.Add(range);
        return joined;
    }

    static (int Start, int End) Cut(string text, int first, int afterFirst)
    {
        if (text.Length <= Longest)
            return (0, text.Length);
        var before = Math.Clamp(Longest - (afterFirst - first), 0, Before);
        var start = Math.Max(0, Math.Min(first - before, text.Length - Longest));
        if (start > 0 && text.AsSpan(start - 1, Math.Min(WordLooked, first - start) + 1).IndexOfAny(" \n\t") is var gap
            and >= 0)
            start += gap;
        else if (IsWithinPair(text, start))
            start++;
        var end = Math.Min(text.Length, start + Longest);
        if (end == text.Length)
            return (start, end);
        if (text.AsSpan(end - WordLooked, WordLooked + 1).LastIndexOfAny(" \n\t") is var last and >= 0
            && end - WordLooked + last >= afterFirst)
            end += last - WordLooked;
        else if (IsWithinPair(text, end))
            end--;
        return (start, end);
    }

    static bool IsWithinPair(string text, int at) =>
        at > 0 && at < text.Length && char.IsHighSurrogate(text[at - 1]) && char.IsLowSurrogate(text[at]);
}
