using System.Buffers;
using System.Globalization;
using System.Text;

namespace Cote.Media.Reading;

/// <summary>
/// Gives a PDF whose end is missing a new one. The end says where the pages are; without it they are found by what
/// they say of themselves.
/// </summary>
static class PdfRepair
{
    const int MostPages = 20_000;
    const int FarthestType = 4_096;
    const int Tree = 8_000_000; // numbers that no object has
    const int Root = Tree + 1;

    static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);

    /// <summary>Null where it has neither a catalogue nor pages.</summary>
    public static byte[]? Repair(byte[] file)
    {
        string? catalogue = null;
        var pages = new List<string>();
        for (var at = 0; file.AsSpan(at).IndexOf("/Type"u8) is >= 0 and var found; at += 5)
        {
            at += found;
            var type = file.AsSpan(at + 5).TrimStart(" \r\n\t"u8);
            var isPage = type.StartsWith("/Page"u8) && !type.StartsWith("/Pages"u8);
            if ((isPage && pages.Count < MostPages) || type.StartsWith("/Catalog"u8))
            {
                if (ObjectAround(file, at) is not { } reference)
                    continue;
                if (isPage)
                    pages.Add(reference);
                else
                    catalogue = reference;
            }
        }
        var end = new StringBuilder("\nendstream endobj\n");
        if (catalogue is null)
        {
            if (pages.Count == 0)
                return null;
            end.Append(CultureInfo.InvariantCulture,
                $"{Tree} 0 obj\n<< /Type /Pages /Count {pages.Count} /Kids [{string.Join(' ', pages)}] >>\nendobj\n");
            end.Append(CultureInfo.InvariantCulture,
                $"{Root} 0 obj\n<< /Type /Catalog /Pages {Tree} 0 R >>\nendobj\n");
            catalogue = string.Create(CultureInfo.InvariantCulture, $"{Root} 0 R");
        }
        end.Append(CultureInfo.InvariantCulture,
            $"trailer\n<< /Size {Root + 1} /Root {catalogue} >>\nstartxref\n0\n%%EOF\n");
        // What is left of a list of places would be believed.
        var last = file.AsSpan().LastIndexOf("endobj"u8) + "endobj".Length;
        var length = last > "endobj".Length && file.AsSpan(last).TrimStart(" \r\n\t"u8).StartsWith("xref"u8)
            ? last : file.Length;
        return [.. file.AsSpan(0, length), .. Encoding.Latin1.GetBytes(end.ToString())];
    }

    // "12 0 obj" stands before its dictionary; what follows the dictionary's beginning is of this object.
    static string? ObjectAround(byte[] file, int at)
    {
        var before = file.AsSpan(Math.Max(0, at - FarthestType), Math.Min(at, FarthestType));
        var mark = before.LastIndexOf(" obj"u8);
        if (mark < 0 || before[mark..].IndexOf("endobj"u8) >= 0)
            return null;
        var start = before[..mark].LastIndexOfAnyExcept(Digits);
        if (start <= 0 || before[start] != ' ')
            return null;
        var generation = before[(start + 1)..mark];
        var number = before[(before[..start].LastIndexOfAnyExcept(Digits) + 1)..start];
        return number.Length is > 0 and < 8 && generation.Length is > 0 and < 6
            ? $"{Encoding.Latin1.GetString(number)} {Encoding.Latin1.GetString(generation)} R" : null;
    }
}
