using System.Text;
using Cote.Models;

namespace Cote.Replies;

/// <summary>
/// The text of a file as a prompt holds it: the whole of it, or its outline and its beginning, with a line that says
/// what is left out.
/// </summary>
static class AttachedText
{
    const string End = "\n[end of file]";
    const string Cut = "\n[the rest does not fit here]";
    const int OutlineShare = 5;
    const string Closing = ".!?。！？…\n";

    /// <summary>At most so many tokens of a text; null where there is room for none of it.</summary>
    /// <param name="title">What it is, such as the name of its file.</param>
    /// <param name="text">The text, or as much of it as was read.</param>
    /// <param name="outline">Its headings; empty where it has none.</param>
    /// <param name="isCut">Whether less was read than there is.</param>
    /// <param name="tokens">The room.</param>
    public static string? Write(string title, string text, string outline, bool isCut, long tokens)
    {
        var begin = $"[{title}]\n";
        var left = tokens - TokenEstimate.Of(begin) - TokenEstimate.Of(Cut);
        if (left <= 0)
            return null;
        if (TokenEstimate.Of(text) <= left)
            return begin + text + (isCut ? Cut : End);
        var headings = "";
        if (outline.Length > 0)
        {
            headings = $"[{title}: its outline]\n{Shorten(outline, left / OutlineShare)}\n\n";
            left -= TokenEstimate.Of(headings);
        }
        return headings + begin + Shorten(text, left) + Cut;
    }

    // Up to the last end of a sentence in what fits; where that is far away, up to the last whole letter.
    static string Shorten(string text, long tokens)
    {
        while (TokenEstimate.Of(text) > tokens && text.Length > 1)
            text = Primitives.Excerpt.Of(
                text, Math.Max(1, (int)(text.Length * Math.Min(0.95, (double)tokens / TokenEstimate.Of(text)))));
        for (var at = text.Length - 1; at > text.Length * 3 / 4; at--)
            if (Closing.Contains(text[at]) && (at + 1 == text.Length || text[at] > '\u007F' || text[at] == '\n'
                || char.IsWhiteSpace(text[at + 1])))
                return text[..(at + 1)].TrimEnd();
        return text;
    }

    /// <summary>The text of bytes; a letter that is cut at their end is left out.</summary>
    public static string WholeLetters(byte[] bytes)
    {
        var letters = new char[bytes.Length];
        Encoding.UTF8.GetDecoder().Convert(bytes, letters, flush: false, out _, out var used, out _);
        return new string(letters, 0, used).TrimStart('\uFEFF');
    }
}
