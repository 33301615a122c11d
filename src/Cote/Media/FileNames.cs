using System.Globalization;
using System.Text;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// Cleans the file names of clients, so that they can be shown, stored, put in a header and saved on any system.
/// </summary>
static class FileNames
{
    const int Longest = 200;
    const int LongestExtension = 20;
    const string Unnamed = "file";

    // Files that an operating system runs at a click, or that a browser renders: refused whatever their bytes are.
    static readonly HashSet<string> Refused = new(StringComparer.OrdinalIgnoreCase)
    {
        ".exe", ".com", ".scr", ".pif", ".cpl", ".dll", ".msi", ".msp", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".wsf",
        ".wsh", ".hta", ".lnk", ".url", ".reg", ".jar", ".apk", ".dmg", ".app", ".desktop", ".html", ".htm", ".xhtml",
        ".xht", ".shtml", ".mht", ".mhtml", ".svg", ".svgz", ".docm", ".dotm", ".xlsm", ".xltm", ".xlam", ".pptm",
        ".potm", ".ppsm", ".ppam",
    };

    public static string Clean(string? given)
    {
        var text = new StringBuilder();
        foreach (var rune in (given ?? "").EnumerateRunes()) // a lone surrogate comes as U+FFFD
        {
            if (rune.Value is '/' or '\\')
                text.Clear(); // the last part of a path counts
            else if (rune.Value is '<' or '>' or ':' or '"' or '|' or '?' or '*')
                text.Append('_');
            else if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format) || rune.Value == 0x200D)
                text.Append(rune.ToString()); // no line breaks, no marks that reverse "exe.pdf"; U+200D joins emoji
        }
        var name = text.ToString().Trim(' ', '.', '\u200D');
        if (name.Length > Longest)
        {
            var extension = ExtensionOf(name);
            name = Excerpt.Of(name, Longest - extension.Length).TrimEnd(' ', '.') + extension;
        }
        return name.Length == 0 ? Unnamed : name;
    }

    /// <summary>The extension with its dot, or an empty text.</summary>
    public static string ExtensionOf(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot > 0 && name.Length - dot is > 1 and <= LongestExtension ? name[dot..] : "";
    }

    public static bool IsRefused(string name) => Refused.Contains(ExtensionOf(name));
}
