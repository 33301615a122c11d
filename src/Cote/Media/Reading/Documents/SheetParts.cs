using System.Globalization;
using System.Text;
using DocumentFormat.OpenXml.Packaging;

namespace Cote.Media.Reading;

/// <summary>
/// The texts that the cells of all sheets share. Programs number them in the order in which cells first use them, so
/// those at the end, past the bound, are of cells past the bound of the whole text.
/// </summary>
sealed class SharedTexts
{
    const int MostCharacters = 8 * 1_048_576;
    const int MostTexts = 2_097_152;

    readonly StringBuilder _letters = new();
    readonly List<int> _ends = [];

    public SharedTexts(XmlWalk? xml)
    {
        while (xml is not null && xml.Read())
        {
            if (!xml.IsStart("si"))
                continue;
            if (_letters.Length >= MostCharacters || _ends.Count >= MostTexts)
            {
                IsCut = true;
                return;
            }
            _letters.Append(ReadRich(xml, MostCharacters - _letters.Length));
            _ends.Add(_letters.Length);
        }
    }

    /// <summary>Whether there are more texts than were read.</summary>
    public bool IsCut { get; }

    /// <summary>Null where there is no such text, or where it was not read.</summary>
    public string? this[int number]
    {
        get
        {
            if (number < 0 || number >= _ends.Count)
                return null;
            var start = number == 0 ? 0 : _ends[number - 1];
            return _letters.ToString(start, _ends[number] - start);
        }
    }

    /// <summary>The text in an element that has just begun.</summary>
    public static string ReadPlain(XmlWalk xml, int most)
    {
        var (depth, draft) = (xml.Depth, new TextDraft(most));
        while (xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
            if (xml.Step == XmlStep.Text)
                xml.WriteTo(draft);
        return draft.ToString();
    }

    /// <summary>The text in an element that has just begun, of one piece or of several, without readings.</summary>
    public static string ReadRich(XmlWalk xml, int most)
    {
        var (depth, isText, draft) = (xml.Depth, false, new TextDraft(most));
        while (xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
        {
            if (xml.Step == XmlStep.Text && isText)
                xml.WriteTo(draft);
            else if (xml.IsStart("rPh"))
                xml.Skip();
            if (xml.Step != XmlStep.Text)
                isText = xml.IsStart("t");
        }
        return draft.ToString();
    }
}

/// <summary>What the styles of a workbook make of its numbers.</summary>
sealed class SheetStyles
{
    const int MostStyles = 100_000;

    readonly Dictionary<int, NumberKind> _formats = [];
    readonly List<NumberKind> _styles = [];

    public SheetStyles(XmlWalk? xml)
    {
        var isCells = false;
        while (xml is not null && xml.Read())
        {
            if (xml.IsStart("numFmt") && xml.Number("numFmtId") is { } id && _formats.Count < MostStyles)
                _formats[id] = NumberFormats.KindOf(xml.Attribute("formatCode") ?? "");
            if (xml.Name == "cellXfs")
                isCells = xml.Step == XmlStep.Start;
            if (isCells && xml.IsStart("xf") && _styles.Count < MostStyles)
                _styles.Add(KindOf(xml.Number("numFmtId") ?? 0));
        }
    }

    public NumberKind Of(int? style) =>
        style is >= 0 and var number && number < _styles.Count ? _styles[number] : NumberKind.Plain;

    NumberKind KindOf(int format) =>
        _formats.TryGetValue(format, out var kind) ? kind : NumberFormats.KindOf(format);
}

/// <summary>A sheet of a workbook.</summary>
/// <param name="Name">As the workbook says.</param>
/// <param name="IsHidden">Whether programs show it.</param>
/// <param name="Part">Null where it has no cells.</param>
sealed record Sheet(string Name, bool IsHidden, WorksheetPart? Part);

/// <summary>The size of a sheet.</summary>
readonly record struct SheetSize(int Rows, int Columns)
{
    /// <summary>Of a reference such as <c>A1:D20</c>.</summary>
    public static SheetSize Of(string? reference)
    {
        var last = reference?[(reference.IndexOf(':', StringComparison.Ordinal) + 1)..] ?? "";
        var letters = last.Length - last.TrimStart('$').TrimStart(Letters).Length;
        return int.TryParse(last.AsSpan(letters).TrimStart('$'), NumberStyles.None, CultureInfo.InvariantCulture,
            out var rows) && ColumnOf(last) is >= 0 and var column ? new(rows, column + 1) : default;
    }

    /// <summary>The column of a cell such as <c>AB12</c>, from 0 on; -1 where there is none.</summary>
    public static int ColumnOf(string? reference)
    {
        var column = 0;
        foreach (var letter in (reference ?? "").AsSpan().TrimStart('$'))
        {
            if (!char.IsAsciiLetter(letter))
                break;
            if ((column = column * 26 + (letter | 0x20) - 'a' + 1) > 16_384)
                return -1;
        }
        return column - 1;
    }

    public SheetSize Largest(SheetSize other) => new(Math.Max(Rows, other.Rows), Math.Max(Columns, other.Columns));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Rows} {(Rows == 1 ? "row" : "rows")}, {Columns} {(Columns == 1 ? "column" : "columns")}");

    static ReadOnlySpan<char> Letters => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
}
