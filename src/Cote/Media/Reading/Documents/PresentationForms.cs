namespace Cote.Media.Reading;

/// <summary>
/// The letters behind ligatures and behind the shapes that Arabic and Hebrew letters take: fonts name those, and
/// readers know the letters. The tables are the compatibility decompositions of Unicode 15.
/// </summary>
static class PresentationForms
{
    static readonly (char First, string Forms)[] Tables =
    [
        ('\uFB00',
            "ff fi fl ffi ffl st st"),
        ('\uFB1D',
            "\u05D9\u05B4  \u05F2\u05B7 \u05E2 \u05D0 \u05D3 \u05D4 \u05DB \u05DC \u05DD \u05E8 \u05EA + "
            + "\u05E9\u05C1 \u05E9\u05C2 \u05E9\u05BC\u05C1 \u05E9\u05BC\u05C2 \u05D0\u05B7 \u05D0\u05B8 "
            + "\u05D0\u05BC \u05D1\u05BC \u05D2\u05BC \u05D3\u05BC \u05D4\u05BC \u05D5\u05BC \u05D6\u05BC  "
            + "\u05D8\u05BC \u05D9\u05BC \u05DA\u05BC \u05DB\u05BC \u05DC\u05BC  \u05DE\u05BC  \u05E0\u05BC "
            + "\u05E1\u05BC  \u05E3\u05BC \u05E4\u05BC  \u05E6\u05BC \u05E7\u05BC \u05E8\u05BC \u05E9\u05BC "
            + "\u05EA\u05BC \u05D5\u05B9 \u05D1\u05BF \u05DB\u05BF \u05E4\u05BF \u05D0\u05DC"),
        ('\uFB50',
            "\u0671 \u0671 \u067B \u067B \u067B \u067B \u067E \u067E \u067E \u067E \u0680 \u0680 \u0680 "
            + "\u0680 \u067A \u067A \u067A \u067A \u067F \u067F \u067F \u067F \u0679 \u0679 \u0679 \u0679 "
            + "\u06A4 \u06A4 \u06A4 \u06A4 \u06A6 \u06A6 \u06A6 \u06A6 \u0684 \u0684 \u0684 \u0684 \u0683 "
            + "\u0683 \u0683 \u0683 \u0686 \u0686 \u0686 \u0686 \u0687 \u0687 \u0687 \u0687 \u068D \u068D "
            + "\u068C \u068C \u068E \u068E \u0688 \u0688 \u0698 \u0698 \u0691 \u0691 \u06A9 \u06A9 \u06A9 "
            + "\u06A9 \u06AF \u06AF \u06AF \u06AF \u06B3 \u06B3 \u06B3 \u06B3 \u06B1 \u06B1 \u06B1 \u06B1 "
            + "\u06BA \u06BA \u06BB \u06BB \u06BB \u06BB \u06C0 \u06C0 \u06C1 \u06C1 \u06C1 \u06C1 \u06BE "
            + "\u06BE \u06BE \u06BE \u06D2 \u06D2 \u06D3 \u06D3"),
        ('\uFBD3',
            "\u06AD \u06AD \u06AD \u06AD \u06C7 \u06C7 \u06C6 \u06C6 \u06C8 \u06C8 \u06C7\u0674 \u06CB "
            + "\u06CB \u06C5 \u06C5 \u06C9 \u06C9 \u06D0 \u06D0 \u06D0 \u06D0 \u0649 \u0649 \u0626\u0627 "
            + "\u0626\u0627 \u0626\u06D5 \u0626\u06D5 \u0626\u0648 \u0626\u0648 \u0626\u06C7 \u0626\u06C7 "
            + "\u0626\u06C6 \u0626\u06C6 \u0626\u06C8 \u0626\u06C8 \u0626\u06D0 \u0626\u06D0 \u0626\u06D0 "
            + "\u0626\u0649 \u0626\u0649 \u0626\u0649 \u06CC \u06CC \u06CC \u06CC"),
        ('\uFE70',
            "\u064B \u0640\u064B \u064C  \u064D  \u064E \u0640\u064E \u064F \u0640\u064F \u0650 \u0640\u0650 "
            + "\u0651 \u0640\u0651 \u0652 \u0640\u0652 \u0621 \u0622 \u0622 \u0623 \u0623 \u0624 \u0624 \u0625 "
            + "\u0625 \u0626 \u0626 \u0626 \u0626 \u0627 \u0627 \u0628 \u0628 \u0628 \u0628 \u0629 \u0629 "
            + "\u062A \u062A \u062A \u062A \u062B \u062B \u062B \u062B \u062C \u062C \u062C \u062C \u062D "
            + "\u062D \u062D \u062D \u062E \u062E \u062E \u062E \u062F \u062F \u0630 \u0630 \u0631 \u0631 "
            + "\u0632 \u0632 \u0633 \u0633 \u0633 \u0633 \u0634 \u0634 \u0634 \u0634 \u0635 \u0635 \u0635 "
            + "\u0635 \u0636 \u0636 \u0636 \u0636 \u0637 \u0637 \u0637 \u0637 \u0638 \u0638 \u0638 \u0638 "
            + "\u0639 \u0639 \u0639 \u0639 \u063A \u063A \u063A \u063A \u0641 \u0641 \u0641 \u0641 \u0642 "
            + "\u0642 \u0642 \u0642 \u0643 \u0643 \u0643 \u0643 \u0644 \u0644 \u0644 \u0644 \u0645 \u0645 "
            + "\u0645 \u0645 \u0646 \u0646 \u0646 \u0646 \u0647 \u0647 \u0647 \u0647 \u0648 \u0648 \u0649 "
            + "\u0649 \u064A \u064A \u064A \u064A \u0644\u0622 \u0644\u0622 \u0644\u0623 \u0644\u0623 "
            + "\u0644\u0625 \u0644\u0625 \u0644\u0627 \u0644\u0627"),
    ];

    static readonly Dictionary<char, string> Letters = Read();

    /// <summary>A text with letters in place of their shapes.</summary>
    public static string Undo(string text)
    {
        if (text is "\uF0B7" or "\uF0A7" or "\uF0D8" or "\uF076")
            return "\u2022"; // bullets of the fonts Symbol and Wingdings
        if (text.AsSpan().IndexOfAnyInRange('\uFB00', '\uFEFC') < 0)
            return text;
        return string.Concat(text.Select(x => Letters.TryGetValue(x, out var letters) ? letters : x.ToString()));
    }

    static Dictionary<char, string> Read()
    {
        var letters = new Dictionary<char, string>();
        foreach (var (first, forms) in Tables)
            foreach (var (i, form) in forms.Split(' ').Index())
                if (form.Length > 0)
                    letters[(char)(first + i)] = form;
        return letters;
    }
}
