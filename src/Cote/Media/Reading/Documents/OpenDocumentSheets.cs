using System.Globalization;
using System.Xml;

namespace Cote.Media.Reading;

/// <summary>The sheets of an OpenDocument spreadsheet as Markdown tables.</summary>
sealed class OpenDocumentSheets(DocumentDraft document, OpenDocumentStyles styles)
{
    const int MostRepeated = 256;
    const int LongestCell = 32_767;

    public void Read(XmlWalk xml)
    {
        var depth = xml.Depth;
        while (!document.IsDone && xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
        {
            if (xml.Step == XmlStep.Start && xml.Name is "tracked-changes" or "named-expressions" or "database-ranges")
                xml.Skip();
            else if (xml.IsStart("table"))
                ReadSheet(xml);
        }
    }

    void ReadSheet(XmlWalk xml)
    {
        var name = xml.Attribute("name") + (styles.Hides(xml.Attribute("style-name")) ? " (hidden)" : "");
        var (depth, rows, repeated) = (xml.Depth, new TableRows(document.Text), 1);
        var lastRow = 0;
        document.Text.Paragraph();
        document.Text.Mark("## " + name);
        document.Text.Paragraph();
        while (!document.IsDone && xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
        {
            if (xml.Step == XmlStep.Start && xml.Name is "shapes" or "forms" or "scenario")
                xml.Skip();
            else if (xml.IsStart("table-row"))
                repeated = xml.Number("number-rows-repeated") ?? 1;
            else if (xml.Step == XmlStep.Start && xml.Name is "table-cell" or "covered-table-cell")
                ReadCell(xml, rows);
            else if (xml.IsEnd("table-row"))
            {
                var isEmpty = rows.IsRowEmpty;
                rows.End(Math.Clamp(repeated, 1, MostRepeated), Math.Max(1, repeated));
                if (!isEmpty)
                    lastRow = rows.Rows;
            }
        }
        document.AddToOutline(0, $"{name}: {new SheetSize(lastRow, rows.Columns)}");
    }

    void ReadCell(XmlWalk xml, TableRows rows)
    {
        var repeated = xml.Number("number-columns-repeated") ?? 1;
        var value = ValueOf(xml);
        var formula = xml.Attribute("formula");
        var text = new TextDraft(LongestCell);
        new OpenDocumentText(document: null, text, styles).Read(xml);
        var said = text.ToString();
        // The comment of a cell stands before its text; the value says more than the text, which may be rounded.
        var end = said.StartsWith("[comment by ", StringComparison.Ordinal)
            ? said.IndexOf(']', StringComparison.Ordinal) + 1 : 0;
        var shown = value ?? (said.Length > end ? said[end..].TrimStart() : Formula(formula));
        shown = end > 0 ? $"{shown} {said[..end]}" : shown;
        if (shown.Length == 0)
            rows.Pass(repeated);
        for (repeated = Math.Clamp(repeated, 1, MostRepeated); shown.Length > 0 && repeated > 0; repeated--)
            rows.Add(shown);
    }

    static string Formula(string? formula) =>
        formula is null ? "" : formula[(formula.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? at : 0)..];

    // Null where the text in the cell is its value.
    static string? ValueOf(XmlWalk xml)
    {
        switch (xml.Attribute("value-type"))
        {
            case "float" or "currency" when xml.Attribute("value") is { } number:
                var currency = xml.Attribute("currency");
                return NumberFormats.Show(number, NumberKind.Plain, from1904: false)
                    + (currency is null ? "" : " " + currency);
            case "percentage" when xml.Attribute("value") is { } share:
                return NumberFormats.Show(share, NumberKind.Percent, from1904: false);
            case "boolean" when xml.Attribute("boolean-value") is { } truth:
                return truth == "true" ? "TRUE" : "FALSE";
            case "date" when xml.Attribute("date-value") is { } date:
                return date.EndsWith("T00:00:00", StringComparison.Ordinal) ? date[..^9] : date;
            case "time" when xml.Attribute("time-value") is { } time:
                return TimeOf(time);
            default:
                return null;
        }
    }

    static string TimeOf(string value)
    {
        try
        {
            var time = XmlConvert.ToTimeSpan(value);
            return string.Create(CultureInfo.InvariantCulture,
                $"{(int)time.TotalHours:00}:{Math.Abs(time.Minutes):00}:{Math.Abs(time.Seconds):00}");
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            return value;
        }
    }
}
