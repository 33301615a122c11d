using System.Text;

namespace Cote.Tests.Media.Reading;

/// <summary>PDFs of many makes, good and bad.</summary>
static class PdfSpecimens
{
    const string Type = "application/pdf";

    public static readonly Specimen[] All =
    [
        Good("plain text of several pages", () => PdfFile.Of(
            Enumerable.Range(1, 3).Select(x => PdfFile.Lines(72, 770, $"Page {x} begins", "and goes on."))),
            ["[page 1]\nPage 1 begins\nand goes on.", "[page 2]\nPage 2 begins", "[page 3]\nPage 3 begins"]),
        Good("report", () => OfficePrograms.Office("report.fodt", "pdf"),
            ["[page 1]", "Quarterly report", "office, affluent, flow", "Region | Revenue | Growth",
                "North | 1200 | 4 %", "• first point", "1. step one", "Closing words."], ["\uFB01"]),
        Good("columns", () => OfficePrograms.Office("columns.fodt", "pdf"),
            [.. Enumerable.Range(1, 60).Select(x => $"alpha{x} "), .. Enumerable.Range(1, 60).Select(x => $"beta{x} ")],
            [" | "]),
        Good("columns drawn side by side", Columns,
            ["left 1 some words that fill", "left 12 some", "right 1 some words that fill", "right 12 some"], [" | "]),
        Good("table", () => PdfFile.Of([Table()]),
            ["Item | Count | Price", "Bolt | 12 | 0.10", "Nut, with a very long name that goes on | 7 | 0.05"]),
        Good("hebrew", () => OfficePrograms.Office("hebrew.fodt", "pdf"), [OfficeSources.Hebrew]),
        Good("arabic", () => OfficePrograms.Office("arabic.fodt", "pdf"), [OfficeSources.Arabic]),
        Good("rotated page", () => PdfFile.Of([Turned], "/Rotate 90"), ["Turned words\nstand below each other"]),
        Good("rotated text", () => PdfFile.Of([Turned]), ["Turned words\nstand below each other"]),
        Good("landscape", () => PdfFile.Of([PdfFile.Lines(72, 500, "Wide page", "second line")],
            "/MediaBox [0 0 842 595]"), ["Wide page\nsecond line"]),
        Good("scan as JPEG", () => Scans.Jpeg(), ["[page 1: a picture]"], pictures: 1),
        Good("scan as JPEG 2000", () => Scans.Jpeg2000(), ["[page 1: a picture]"], pictures: 1),
        Good("scan as fax", () => Scans.Fax(), ["[page 1: a picture]"], pictures: 1),
        Good("scan without loss", () => Scans.Gray(), ["[page 1: a picture]"], pictures: 1),
        Good("scan in a form that is not known", () => Scans.Of("/Filter /JBIG2Decode", Samples.Noise(100),
            more: PdfFile.Text(72, 700, "A stamp")),
            ["[page 1: a picture that cannot be read]", "A stamp"]),
        Good("text and a scan", TextAndScan, ["[page 1]\nWords before the scan", "[page 2: a picture]"], pictures: 1),
        Bad("encrypted", () => Encrypted("secret"), "encrypted"),
        Good("encrypted for its owner only", () => Encrypted(""), ["Words behind a password"]),
        Good("cut off at the end",
            () => Plain("kept words") is var bytes ? bytes[..bytes.AsSpan().IndexOf("trailer"u8)] : [], ["kept words"]),
        Bad("cut off in its page", () => Plain("kept words")[..^200], "damaged"),
        Good("cut off before its catalogue", CutOff, ["[page 1]\nfirst words", "[page 2]\nsecond words"]),
        Bad("nothing behind the header", () => [.. "%PDF-1.7\n"u8, .. Samples.Noise(4_000)], "damaged"),
        Bad("empty page", () => PdfFile.Of([""]), "empty"),
        Good("bookmarks", () => Bookmarks(), ["Words"]),
        Good("letters of Western Europe", () => PdfFile.Of([PdfFile.Text(72, 770, "caf\u00E9 na\u00EFve 20 \u0080")]),
            ["café naïve 20 €"]),
        Good("ligatures", Ligatures, ["office shuffle fl"], ["\uFB03", "\uFB02"]),
        Good("2,000 pages", () => PdfFile.Of(
            Enumerable.Range(1, 2_000).Select(x => PdfFile.Text(72, 770, $"This is page {x}."))),
            ["[page 1]\nThis is page 1.", "[page 2000]\nThis is page 2000."]),
        Good("slides as pdf", () => OfficePrograms.Office("slides.fodp", "pdf"),
            ["[page 1]\nOpening", "What we did", "[page 2]\nNumbers", "City | People", "Bern | 134000"]),
    ];

    const string Turned = "BT /F 11 Tf 0 1 -1 0 300 100 Tm (Turned words) Tj ET\n"
        + "BT /F 11 Tf 0 1 -1 0 314 100 Tm (stand below each other) Tj ET";

    public static byte[] Plain(string text) => PdfFile.Of([PdfFile.Text(72, 770, text)]);

    static Specimen Good(string name, Func<byte[]> bytes, string[] has, string[]? hasNot = null, int pictures = 0) =>
        new("pdf: " + name, Type, bytes, has, hasNot ?? [], Pictures: pictures);

    static Specimen Bad(string name, Func<byte[]> bytes, string word) =>
        new("pdf: " + name, Type, bytes, [], [], word);

    static byte[] Columns() => PdfFile.Of([string.Concat(Enumerable.Range(1, 12).Select(x =>
        PdfFile.Text(72, 770 - 14 * x, $"left {x} some words that fill the line")
        + PdfFile.Text(320, 770 - 14 * x, $"right {x} some words that fill the line")))]);

    static string Table()
    {
        (string, string, string)[] rows =
            [("Item", "Count", "Price"), ("Bolt", "12", "0.10"), ("Nut, with a very", "7", "0.05")];
        var text = new StringBuilder();
        var y = 770;
        foreach (var (item, count, price) in rows)
        {
            text.Append(PdfFile.Text(72, y, item));
            if (item.StartsWith("Nut", StringComparison.Ordinal))
                text.Append(PdfFile.Lines(72, y - 14, "long name that", "goes on"));
            text.Append(PdfFile.Text(200, y, count)).Append(PdfFile.Text(300, y, price));
            y -= 20;
        }
        return text.ToString();
    }

    static byte[] TextAndScan()
    {
        var folder = Directory.CreateTempSubdirectory("cote-scan-");
        try
        {
            var scan = Path.Combine(folder.FullName, "scan.pdf");
            File.WriteAllBytes(scan, Scans.Jpeg());
            return OfficePrograms.Run("qpdf", Plain("Words before the scan"), "out", "--empty", "--pages", "in", scan,
                "--", "out");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A font whose digits are ligatures, as its own table says.
    static byte[] Ligatures()
    {
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        file.Add("<< /Type /Pages /Count 1 /Kids [3 0 R] >>");
        file.Add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 5 0 R >> >> "
            + "/Contents 4 0 R >>");
        file.AddStream("", Encoding.Latin1.GetBytes(PdfFile.Text(72, 700, "o1ce shu2e 3")));
        file.Add("<< /Type /Font /Subtype /Type1 /BaseFont /Odd /FirstChar 32 /LastChar 122 /ToUnicode 6 0 R "
            + "/FontDescriptor << /Type /FontDescriptor /FontName /Odd /Flags 4 /FontBBox [0 0 1000 1000] "
            + "/ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >> "
            + $"/Widths [{string.Join(' ', Enumerable.Repeat(500, 91))}] >>");
        file.AddStream("", """
            /CIDInit /ProcSet findresource begin
            12 dict begin
            begincmap
            /CMapName /Odd def
            /CMapType 2 def
            1 begincodespacerange
            <00> <FF>
            endcodespacerange
            2 beginbfrange
            <20> <30> <0020>
            <34> <7A> <0034>
            endbfrange
            3 beginbfchar
            <31> <FB03>
            <32> <FB00006C>
            <33> <FB02>
            endbfchar
            endcmap
            """u8.ToArray());
        return file.ToBytes();
    }

    // The tree of pages and the catalogue stand behind the pages, and are gone.
    static byte[] CutOff()
    {
        var file = new PdfFile();
        foreach (var text in new[] { "first words", "second words", "third words" })
        {
            var content = file.AddStream("", Encoding.Latin1.GetBytes(PdfFile.Text(72, 700, text)));
            file.Add("<< /Type/Page /MediaBox [0 0 595 842] /Resources << /Font << /F << /Type /Font "
                + $"/Subtype /Type1 /BaseFont /Helvetica >> >> >> /Contents {content} 0 R >>");
        }
        var bytes = file.ToBytes();
        return bytes[..(bytes.AsSpan().IndexOf("third words"u8) + 5)];
    }

    /// <summary>The only page of a file, several times.</summary>
    public static byte[] Repeat(byte[] pdf, int count) => OfficePrograms.Run("qpdf", pdf, "out",
        ["--empty", "--pages", .. Enumerable.Repeat("in", count), "--", "out"]);

    static byte[] Encrypted(string user) => OfficePrograms.Run("qpdf", Plain("Words behind a password"), "out",
        "--encrypt", user, "owner", "256", "--", "in", "out");

    /// <summary>Bookmarks of two levels.</summary>
    /// <param name="isCircle">Whether the last one has the first one below it.</param>
    public static byte[] Bookmarks(bool isCircle = false)
    {
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>");
        file.Add("<< /Type /Pages /Count 1 /Kids [4 0 R] >>");
        file.Add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
        file.Add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> "
            + "/Contents 5 0 R >>");
        file.AddStream("", Encoding.Latin1.GetBytes(PdfFile.Text(72, 700, "Words")));
        file.Add("<< /Type /Outlines /First 7 0 R /Last 8 0 R /Count 3 >>");
        file.Add("<< /Title (Chapter one) /Parent 6 0 R /Next 8 0 R /First 9 0 R /Last 9 0 R /Dest [4 0 R /Fit] >>");
        file.Add("<< /Title <FEFF00C9007400E9> /Parent 6 0 R /Prev 7 0 R /Dest [4 0 R /Fit] "
            + (isCircle ? "/First 7 0 R /Next 8 0 R >>" : ">>"));
        file.Add("<< /Title (Section) /Parent 7 0 R /Dest [4 0 R /Fit] >>");
        return file.ToBytes();
    }
}
