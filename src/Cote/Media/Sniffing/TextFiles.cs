using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Cote.Media;

/// <summary>Texts: valid UTF-8 without U+0000 to the last byte, and nothing that a browser would render.</summary>
static class TextFiles
{
    public const string Json = "application/json";
    const int TextChunk = 64 * 1024;

    // What browsers take for HTML when they sniff (WHATWG MIME Sniffing), and SVG.
    static readonly string[] Beginnings =
    [
        "<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table", "<a", "<style",
        "<title", "<b", "<body", "<br", "<p", "<!--", "<svg", "<!doctype svg", "<img", "<object", "<embed", "<form",
        "<meta", "<link",
    ];

    static readonly string[] Anywhere =
        ["<svg", "<html", "<script", "<?xml-stylesheet", "w3.org/1999/xhtml", "w3.org/2000/svg"];

    public static FileType? Detect(FileProbe file, string name)
    {
        if (file.Length == 0 || IsMarkup(file.Head) || file.Head.StartsWith("GIF8"u8))
            return null; // a script that begins as a picture does is neither
        var letters = ArrayPool<char>.Shared.Rent(TextChunk);
        try
        {
            for (long at = 0; at < file.Length;)
            {
                var chunk = file.At(at, TextChunk);
                var last = at + chunk.Length == file.Length;
                if (ReadText(chunk, letters, last) is not { } read)
                    return null;
                at += read; // a character that is cut at the end of a chunk is read again with the next
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(letters);
        }
        return Of(name);
    }

    /// <summary>The type of a text of a name.</summary>
    public static FileType Of(string name) => new(FileNames.ExtensionOf(name).ToLowerInvariant() switch
    {
        ".md" or ".markdown" => "text/markdown",
        ".csv" => "text/csv",
        ".json" => Json,
        _ => "text/plain",
    });

    /// <summary>Whether a text that begins so is refused, whatever follows.</summary>
    public static bool IsRefused(ReadOnlySpan<byte> beginning) =>
        IsMarkup(beginning, isCut: true) || ReadText(beginning, new char[beginning.Length], isLast: false) is null;

    // How many bytes were read as text, or null where they are none.
    static int? ReadText(ReadOnlySpan<byte> chunk, Span<char> letters, bool isLast)
    {
        if (chunk.Contains((byte)0))
            return null;
        var status = Utf8.ToUtf16(
            chunk, letters, out var read, out _, replaceInvalidSequences: false, isFinalBlock: isLast);
        var isText = status is OperationStatus.Done or OperationStatus.NeedMoreData;
        return isText && read > 0 && (!isLast || read == chunk.Length) ? read : null;
    }

    // Markup is looked for only where the text begins as markup does: a chapter on HTML is a text.
    static bool IsMarkup(ReadOnlySpan<byte> head, bool isCut = false)
    {
        if (head.StartsWith("\uFEFF"u8))
            head = head[3..];
        head = head.TrimStart(" \t\r\n\f"u8);
        if (head.Length == 0 || head[0] != '<')
            return false;
        var text = Encoding.Latin1.GetString(head);
        foreach (var beginning in Beginnings)
            if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase) && IsWholeTag(text, beginning, isCut))
                return true;
        return Anywhere.Any(x => text.Contains(x, StringComparison.OrdinalIgnoreCase));
    }

    // "<b" is a tag, "<book" is none; where the text is cut there, it is not known yet.
    static bool IsWholeTag(string text, string tag, bool isCut) =>
        tag == "<!--" || (text.Length == tag.Length ? !isCut : !char.IsAsciiLetterOrDigit(text[tag.Length]));
}
