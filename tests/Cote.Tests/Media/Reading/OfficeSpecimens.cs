using System.Globalization;
using System.Text;
using static Cote.Tests.Media.Reading.Packages;

namespace Cote.Tests.Media.Reading;

/// <summary>Documents of Office programs and of OpenDocument, good and bad.</summary>
static class OfficeSpecimens
{
    static readonly string[] Report =
    [
        "# Quarterly report\n\nThe committee met", "## Figures\n\n| Region | Revenue | Growth |\n| --- | --- | --- |\n",
        "| North | 1200 | 4 % |\n| South | | -2 % |\n",
        "- first point\n- second point\n  - inner point\n", "1. step one\n2. step two\n", "Closing words.",
    ];

    static readonly string[] Noted =
    [
        "Before the note[^1] and after it.", "[comment by Bea: Please check.]", "a comment,  a tab\tand\na new line.",
        "A box:", "Words in a box.", "[^1]: The footnote says more.",
    ];

    static readonly string[] Sales =
    [
        "## Sales\n\n| Day | Share | Paid | Sum |\n| --- | --- | --- | --- |\n| 2026-03-01 | 12.5% | TRUE | 3 |\n",
        "| | | far below |", "## Kept back (hidden)", "secret margin",
    ];

    static readonly string[] Slides =
    [
        "## Slide 1: Opening", "What we did\nWhat comes next", "Notes: Speak slowly here.", "## Slide 2: Numbers",
        "| City | People |\n| --- | --- |\n| Bern | 134000 |",
    ];

    public static readonly Specimen[] All =
    [
        new("docx: report", Word, () => OfficePrograms.Office("report.fodt", "docx"), Report, []),
        new("docx: notes", Word, () => OfficePrograms.Office("notes.fodt", "docx"), Noted, ["vanished"]),
        new("docx: hebrew", Word, () => OfficePrograms.Office("hebrew.fodt", "docx"), [OfficeSources.Hebrew], []),
        new("docx: comments and changes", Word, Changed,
            ["Kept added moved end[comment by Ann B.: First line second line]", "| a | b |\n| --- | --- |\n| e | f |"],
            ["removed", "gone", "deleted", "unseen", "c1"]),
        new("docx: text boxes", Word, () => Docx(Paragraph("Above") + "<w:p><w:r><mc:AlternateContent>"
            + $"<mc:Choice Requires=\"wps\"><w:txbxContent>{Paragraph("Boxed once")}</w:txbxContent></mc:Choice>"
            + $"<mc:Fallback><w:txbxContent>{Paragraph("Boxed twice")}</w:txbxContent></mc:Fallback>"
            + $"</mc:AlternateContent><w:t>Around</w:t></w:r></w:p>{Paragraph("Below")}"),
            ["Above\n\nAround\n\nBoxed once\n\nBelow"], ["twice"]),
        new("docx: broken zip", Word, () => Docx(Paragraph(OfficeSources.Prose("word", 500)))[..^300], [], [],
            "damaged"),
        new("docx: no text", Word, () => Docx("<w:p/>"), [], [], "empty"),
        new("docx: with a password", Word, () => [.. Samples.Compound("EncryptedPackage")], [], [], "encrypted"),
        new("xlsx: sales", Excel, () => OfficePrograms.Office("sheet.fods", "xlsx"), Sales, []),
        new("xlsx: cells of all types", Excel, Cells,
            ["## One\n\n| | text | rich text | TRUE | #DIV/0! | 0.3 | inline |\n| --- | --- | --- | --- | --- | --- | "
                + "--- |\n| 2026-03-01 | 2026-03-01T14:30 | 14:30 | 12.5% | 36:00:00 | =SUM(A1:A3) | 7 |\n| 1900-02-28 "
                + "| 1900-02-29 | 1900-03-01 | said \\| so |"],
            ["reading"]),
        new("xlsx: days from 1904", Excel, () => Xlsx("<workbookPr date1904=\"1\"/>",
            [("One", "", "<sheetData><row><c s=\"1\"><v>0</v></c><c s=\"1\"><v>44620</v></c></row></sheetData>")],
            ("styles", Styles)), ["| 1904-01-01 | 2026-03-01 |"], []),
        new("xlsx: a million rows", Excel, MillionRows, ["| 1 | row 1 |\n", "| 1000 | row 1000 |\n"], []),
        new("pptx: slides", PowerPoint, () => OfficePrograms.Office("slides.fodp", "pptx"), Slides, []),
        new("pptx: order and hidden slides", PowerPoint, () => Pptx(
            ("show=\"0\"", Shape("title", "Last title") + Shape("body", "last words")),
            ("", Shape("ctrTitle", "First title") + Shape("sldNum", "17") + Shape("body", "first words", "and more"))),
            ["## Slide 1: First title\n\nfirst words\nand more",
                "## Slide 2 (hidden): Last title\n\nlast words"], ["17"]),
        new("odt: report", Text, () => OfficePrograms.Office("report.fodt", "odt"), Report, []),
        new("odt: notes", Text, () => OfficePrograms.Office("notes.fodt", "odt"), Noted, ["vanished"]),
        new("odt: encrypted", Text, () => Open(Text, "none of this is XML",
            "<m:manifest xmlns:m=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"><m:file-entry "
            + "m:full-path=\"content.xml\"><m:encryption-data/></m:file-entry></m:manifest>"), [], [], "encrypted"),
        new("ods: sales", Spreadsheet, () => OfficePrograms.Office("sheet.fods", "ods"), Sales, []),
        new("odp: slides", Presentation, () => OfficePrograms.Office("slides.fodp", "odp"), Slides, []),
    ];

    const string Styles = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts>"
        + "<numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd hh:mm\"/>"
        + "<numFmt numFmtId=\"165\" formatCode=\"[h]:mm:ss\"/><numFmt numFmtId=\"166\" formatCode=\"0.0%\"/></numFmts><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>"
        + "<xf numFmtId=\"164\"/><xf numFmtId=\"20\"/><xf numFmtId=\"166\"/><xf numFmtId=\"165\"/></cellXfs>"
        + "</styleSheet>";

    static byte[] Changed() => Docx(
        "<w:p><w:r><w:t xml:space=\"preserve\">Kept </w:t></w:r><w:del><w:r><w:delText>removed</w:delText></w:r>"
        + "</w:del><w:ins><w:r><w:t xml:space=\"preserve\">added </w:t></w:r></w:ins><w:moveFrom><w:r><w:t>gone</w:t></w:r>"
        + "</w:moveFrom><w:moveTo><w:r><w:t xml:space=\"preserve\">moved </w:t></w:r></w:moveTo><w:r><w:rPr><w:vanish/>"
        + "</w:rPr><w:t>unseen</w:t></w:r><w:commentRangeStart w:id=\"4\"/><w:r><w:t>end</w:t></w:r>"
        + "<w:commentRangeEnd w:id=\"4\"/><w:r><w:commentReference w:id=\"4\"/></w:r></w:p>"
        + $"<w:tbl><w:tr>{Cell("a")}{Cell("b")}</w:tr><w:tr><w:trPr><w:del w:id=\"9\"/></w:trPr>{Cell("deleted")}"
        + $"{Cell("c1")}</w:tr><w:tr>{Cell("e")}{Cell("f")}</w:tr></w:tbl>",
        ("comments", $"<w:comments {WordNamespaces}><w:comment w:id=\"4\" w:author=\"Ann B.\">"
            + Paragraph("First line") + Paragraph("second line") + "</w:comment></w:comments>"));

    static string Cell(string text) => $"<w:tc>{Paragraph(text)}</w:tc>";

    static byte[] Cells() => Xlsx("", [("One", "", """
        <dimension ref="A1:G4"/><sheetData>
        <row r="1"><c r="B1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c><c r="D1" t="b"><v>1</v></c>
        <c r="E1" t="e"><v>#DIV/0!</v></c><c r="F1"><v>0.30000000000000004</v></c>
        <c r="G1" t="inlineStr"><is><t>inline</t></is></c></row>
        <row r="2"><c r="A2" s="1"><v>46082</v></c><c r="B2" s="2"><v>46082.604166666664</v></c>
        <c r="C2" s="3"><v>0.60416666666666663</v></c><c r="D2" s="4"><v>0.125</v></c><c r="E2" s="5"><v>1.5</v></c>
        <c r="F2"><f>SUM(A1:A3)</f></c><c r="G2"><f>3+4</f><v>7</v></c></row>
        <row r="3"/><row r="4"><c s="1"><v>59</v></c><c s="1"><v>60</v></c><c s="1"><v>61</v></c>
        <c t="str"><f>A1</f><v>said | so</v></c></row></sheetData>
        """)], ("styles", Styles), ("sharedStrings", $"""
        <sst {SheetNamespaces}><si><t>text</t></si><si><r><t xml:space="preserve">rich </t></r><r><t>text</t></r>
        <rPh sb="0" eb="1"><t>reading</t></rPh></si></sst>
        """));

    /// <summary>A workbook that is longer than any text that is kept.</summary>
    public static byte[] MillionRows() => Replace(Xlsx("", [("Long", "", "")]), "xl/sheet1.xml", stream =>
    {
        stream.Write($"<worksheet {SheetNamespaces}><dimension ref=\"A1:B1000000\"/><sheetData>");
        var rows = new StringBuilder();
        for (var i = 1; i <= 1_000_000; i++)
        {
            rows.Append(CultureInfo.InvariantCulture, $"<row r=\"{i}\"><c r=\"A{i}\"><v>{i}</v></c><c r=\"B{i}\" ")
                .Append(CultureInfo.InvariantCulture, $"t=\"inlineStr\"><is><t>row {i}</t></is></c></row>");
            if (i % 10_000 > 0)
                continue;
            stream.Write(rows.ToString());
            rows.Clear();
        }
        stream.Write("</sheetData></worksheet>");
    });
}
