using System.Globalization;
using System.Text;

namespace Cote.Media.Reading;

/// <summary>
/// Lines with Hebrew or Arabic in the order in which they are read. Some programs write their letters in that order,
/// some from left to right as they stand on the page; which one it is, their places tell.
/// </summary>
static class PdfBidi
{
    const int Deepest = 2;
    const string Brackets = "()[]{}<>\u00AB\u00BB\u2039\u203A";

    public static bool IsRightToLeft(string text)
    {
        foreach (var letter in text)
            if (letter is (>= '\u0590' and <= '\u08FF' and not (>= '\u0660' and <= '\u0669')
                and not (>= '\u06F0' and <= '\u06F9')) or (>= '\uFB1D' and <= '\uFDFF')
                or (>= '\uFE70' and <= '\uFEFE'))
                return true;
        return false;
    }

    /// <summary>The text of a line.</summary>
    /// <param name="signs">In the order of the file.</param>
    /// <param name="space">How wide a gap is a space.</param>
    /// <param name="isPageRightToLeft">Whether most of its page is.</param>
    public static string Read(IReadOnlyList<PdfSign> signs, double space, bool isPageRightToLeft)
    {
        if (IsInOrderOfReading(signs))
            return Join(signs, space);
        var placed = Placed(signs, space);
        var levels = Levels(placed, isPageRightToLeft);
        var order = Enumerable.Range(0, placed.Count).ToArray();
        for (var level = Deepest; level > 0; level--)
            for (var start = 0; start < order.Length; start++)
            {
                var end = start;
                while (end < order.Length && levels[order[end]] >= level)
                    end++;
                Array.Reverse(order, start, end - start);
                start = end;
            }
        var text = new StringBuilder();
        var isMirrored = AreBracketsTurned(order, placed, levels);
        foreach (var i in order)
            text.Append(isMirrored && levels[i] == 1 ? Mirror(placed[i].Text) : placed[i].Text);
        return PdfSegment.Collapse(text.ToString());
    }

    // Letters that follow each other to the left are written as they are read.
    static bool IsInOrderOfReading(IReadOnlyList<PdfSign> signs)
    {
        var (toLeft, toRight) = (0, 0);
        for (var i = 1; i < signs.Count; i++)
        {
            if (!IsRightToLeft(signs[i].Text) || !IsRightToLeft(signs[i - 1].Text) || IsMark(signs[i].Text))
                continue;
            if (signs[i].Start < signs[i - 1].Start)
                toLeft++;
            else
                toRight++;
        }
        return toLeft > toRight;
    }

    static string Join(IReadOnlyList<PdfSign> signs, double space)
    {
        var text = new StringBuilder();
        for (var i = 0; i < signs.Count; i++)
        {
            var isApart = i > 0 && Math.Max(signs[i].Start - signs[i - 1].End, signs[i - 1].Start - signs[i].End)
                > space && IsRightToLeft(signs[i].Text) && IsRightToLeft(signs[i - 1].Text);
            if (isApart && !IsMark(signs[i].Text))
                text.Append(' ');
            text.Append(signs[i].Text);
        }
        return PdfSegment.Collapse(text.ToString());
    }

    // By their places, with a space where there is a gap. A mark stays with the letter over or under which it stands.
    static List<PdfSign> Placed(IReadOnlyList<PdfSign> signs, double space)
    {
        var letters = signs.Where(x => x.Text.Length > 0 && !IsMark(x.Text))
            .OrderBy(x => x.Start + x.End).ToList();
        foreach (var mark in signs.Where(x => IsMark(x.Text)))
        {
            var centre = (mark.Start + mark.End) / 2;
            var at = letters.FindIndex(x => x.Start - space / 4 <= centre && centre <= x.End + space / 4);
            if (at < 0)
                at = letters.FindIndex(x => x.End >= centre);
            if (at >= 0)
                letters[at] = letters[at] with { Text = letters[at].Text + mark.Text };
        }
        var placed = new List<PdfSign>(letters.Count);
        foreach (var letter in letters)
        {
            if (placed.Count > 0 && letter.Start - placed[^1].End > space && !letter.IsSpace && !placed[^1].IsSpace)
                placed.Add(new(" ", placed[^1].End, letter.Start));
            placed.Add(letter);
        }
        return placed;
    }

    // Levels as of the Unicode Bidirectional Algorithm: even ones run to the right, odd ones to the left.
    static int[] Levels(List<PdfSign> signs, bool isPageRightToLeft)
    {
        const int Neutral = -1;
        var letters = signs.Count(x => char.IsLetter(x.Text, 0) && !IsRightToLeft(x.Text));
        var isRightToLeft = isPageRightToLeft || signs.Count(x => IsRightToLeft(x.Text)) >= letters;
        var levels = new int[signs.Count];
        for (var i = 0; i < levels.Length; i++)
            levels[i] = IsRightToLeft(signs[i].Text) ? 1
                : char.IsDigit(signs[i].Text, 0) || char.IsLetter(signs[i].Text, 0) ? isRightToLeft ? 2 : 0
                : Neutral;
        for (var i = 0; i < levels.Length; i++)
        {
            if (levels[i] != Neutral)
                continue;
            var end = i;
            while (end < levels.Length && levels[end] == Neutral)
                end++;
            var (before, after) = (i > 0 ? levels[i - 1] : Neutral, end < levels.Length ? levels[end] : Neutral);
            var level = before == after && before != Neutral ? before : isRightToLeft ? 1 : 0;
            // A sign of a number stays at it.
            if (level == 1 && end == i + 1 && signs[i].Text is "%" or "+" or "-" or "$" or "\u20AC" or "\u20AA"
                && (before == 2 || after == 2))
                level = 2;
            Array.Fill(levels, level, i, end - i);
        }
        return levels;
    }

    // A bracket is drawn towards what it encloses, and may be called as it is drawn or as it is read.
    static bool AreBracketsTurned(int[] order, List<PdfSign> signs, int[] levels)
    {
        var turned = 0;
        foreach (var i in order)
            if (turned == 0 && levels[i] == 1 && signs[i].Text.Length == 1
                && Brackets.IndexOf(signs[i].Text[0], StringComparison.Ordinal) is >= 0 and var at)
                turned = at % 2 == 0 ? 1 : -1;
        return turned < 0;
    }

    static string Mirror(string text)
    {
        var at = text.Length == 1 ? Brackets.IndexOf(text[0], StringComparison.Ordinal) : -1;
        return at < 0 ? text : Brackets[at ^ 1].ToString();
    }

    static bool IsMark(string text) => text.Length > 0 && CharUnicodeInfo.GetUnicodeCategory(text[0])
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;
}
