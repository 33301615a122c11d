using System.IO.Packaging;
using System.Globalization;
using DocumentFormat.OpenXml.Packaging;

namespace Cote.Media.Reading;

/// <summary>The sheets of an Excel workbook as Markdown tables, with the values that were last calculated.</summary>
sealed class SheetReader
{
    const int LongestCell = 32_767;
    const int MostSheets = 1_000;

    readonly Unpacking _unpacking;
    readonly DocumentDraft _document;
    readonly List<Sheet> _sheets = [];
    readonly SheetStyles _styles;
    readonly SharedTexts _texts;
    bool _from1904;

    SheetReader(Unpacking unpacking, WorkbookPart workbook, DocumentDraft document)
    {
        (_unpacking, _document) = (unpacking, document);
        using (var xml = Open(workbook))
            ReadWorkbook(xml, workbook);
        using (var xml = workbook.WorkbookStylesPart is { } styles ? Open(styles) : null)
            _styles = new SheetStyles(xml);
        using (var xml = workbook.SharedStringTablePart is { } texts ? Open(texts) : null)
            _texts = new SharedTexts(xml);
    }

    public static void Read(byte[] file, DocumentDraft document)
    {
        using var unpacking = new Unpacking(file);
        unpacking.CheckRelations();
        using var zip = Package.Open(new MemoryStream(file, writable: false), FileMode.Open, FileAccess.Read);
        using var package = SpreadsheetDocument.Open(zip);
        if (package.WorkbookPart is not { } workbook)
            throw new UnreadableException(UnreadableException.Damaged);
        new SheetReader(unpacking, workbook, document).ReadSheets();
    }

    XmlWalk Open(OpenXmlPart part) => new(_unpacking.Count(part.GetStream(FileMode.Open, FileAccess.Read)));

    void ReadWorkbook(XmlWalk xml, WorkbookPart workbook)
    {
        var parts = workbook.Parts.ToDictionary(x => x.RelationshipId, x => x.OpenXmlPart, StringComparer.Ordinal);
        while (xml.Read() && _sheets.Count < MostSheets)
        {
            if (xml.IsStart("workbookPr") && xml.Attribute("date1904") is not null)
                _from1904 = xml.IsOn("date1904");
            if (!xml.IsStart("sheet"))
                continue;
            var part = xml.Attribute("id", isRelation: true) is { } id ? parts.GetValueOrDefault(id) : null;
            _sheets.Add(new(xml.Attribute("name") ?? "", xml.Attribute("state") is not (null or "visible"),
                part as WorksheetPart));
        }
    }

    // The size of a sheet that was not read is what it says of itself, before its cells.
    void ReadSheets()
    {
        foreach (var sheet in _sheets)
        {
            var isRead = !_document.IsDone && !_document.LookAtTime();
            var (size, name) = (default(SheetSize), sheet.Name + (sheet.IsHidden ? " (hidden)" : ""));
            if (isRead)
            {
                _document.Text.Paragraph();
                _document.Text.Mark("## " + name);
                _document.Text.Paragraph();
            }
            if (sheet.Part is { } part)
                using (var xml = Open(part))
                    size = ReadSheet(xml, isRead);
            _document.AddToOutline(0, $"{name}: {size}");
        }
    }

    SheetSize ReadSheet(XmlWalk xml, bool isRead)
    {
        var size = default(SheetSize);
        var rows = new TableRows(_document.Text);
        while (xml.Read() && !xml.IsEnd("sheetData"))
        {
            if (xml.IsStart("dimension"))
                size = SheetSize.Of(xml.Attribute("ref"));
            if (xml.IsStart("sheetData") && !isRead)
                break;
            if (_document.IsDone)
                break;
            if (xml.IsStart("row"))
                size = size.Largest(new(xml.Number("r") ?? 0, 0));
            else if (xml.IsStart("c"))
                ReadCell(xml, rows);
            else if (xml.IsEnd("row"))
                rows.End();
        }
        return size.Largest(new(rows.Rows, rows.Columns));
    }

    void ReadCell(XmlWalk xml, TableRows rows)
    {
        if (SheetSize.ColumnOf(xml.Attribute("r")) is >= 0 and var column && column > rows.Next)
            rows.Pass(column - rows.Next);
        var (type, style, depth) = (xml.Attribute("t"), xml.Number("s"), xml.Depth);
        string? value = null, formula = null, text = null;
        while (xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
        {
            if (xml.IsStart("v"))
                value = SharedTexts.ReadPlain(xml, LongestCell);
            else if (xml.IsStart("f"))
                formula = SharedTexts.ReadPlain(xml, LongestCell);
            else if (xml.IsStart("is"))
                text = SharedTexts.ReadRich(xml, LongestCell);
        }
        if (type == "inlineStr")
            rows.Add(text ?? "");
        else if (value is null)
            rows.Add(formula is { Length: > 0 } ? "=" + formula : "");
        else
            rows.Add(Show(value, type, style));
    }

    string Show(string value, string? type, int? style)
    {
        switch (type)
        {
            case "s":
                if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && _texts[number] is { } shared)
                    return shared;
                _document.IsCut |= _texts.IsCut;
                return "";
            case "b":
                return value == "1" ? "TRUE" : "FALSE";
            case "str" or "e":
                return value;
            case "d":
                return value.EndsWith("T00:00:00", StringComparison.Ordinal) ? value[..^9] : value;
            default:
                return NumberFormats.Show(value, _styles.Of(style), _from1904);
        }
    }
}
