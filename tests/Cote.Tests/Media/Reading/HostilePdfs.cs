using System.Text;
using Cote.Media.Reading;

namespace Cote.Tests.Media.Reading;

/// <summary>PDFs that harm a reader which trusts them, and what reading each may give.</summary>
static class HostilePdfs
{
    const string Font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
    const string Words = "[page 1]\nwords";

    public static readonly (string Name, Func<byte[]> Bytes, string[] Words)[] All =
    [
        ("a tree of pages with itself below it", () => Tree("[2 0 R 3 0 R]"), [Words, UnreadableException.Damaged]),
        ("a tree of pages that is deep", DeepTree, [UnreadableException.Damaged, UnreadableException.Empty]),
        ("more pages than there are", () => Tree("[3 0 R]", count: 2_000_000_000), [Words]),
        ("10,000 pages", () => PdfFile.Of(Enumerable.Repeat(PdfFile.Text(72, 700, "words"), 10_000)),
            [string.Join("\n\n", Enumerable.Range(1, 10_000).Select(x => $"[page {x}]\nwords"))]),
        ("a page many times over", () => Tree("[" + string.Concat(Enumerable.Repeat("3 0 R ", 3)) + "]"),
            [Words + "\n\n[page 2]\nwords\n\n[page 3]\nwords"]),
        ("an object that is itself", () => Page("5 0 R", "5 0 R"), [UnreadableException.Damaged]),
        ("objects that are each other", () => Page("5 0 R", "6 0 R", font: "% a comment\n 5 0 R"),
            [UnreadableException.Damaged]),
        ("a stream in itself", StreamInItself, [UnreadableException.Damaged]),
        ("arrays in arrays", () => Page(new string('[', 200_000), "<< /Length 0 >>\nstream\n\nendstream"),
            [UnreadableException.Damaged, UnreadableException.Empty]),
        ("a packed stream of a gigabyte", () => Packed("/Filter /FlateDecode", 1_000),
            [UnreadableException.TooLarge]),
        ("a stream that is packed twice", () => Packed("/Filter [/FlateDecode /FlateDecode]", 4_000, isTwice: true),
            [UnreadableException.TooLarge]),
        ("a fax of a billion lines", () => Scans.Of(
            "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 2000000000 >>", [1, 2, 3], bits: 1),
            [UnreadableException.Empty]),
        ("a picture that says it is large", () => Scans.Of("/Filter /FlateDecode", PdfFile.Deflate(new byte[1_000]),
            size: "/Width 20000 /Height 20000"), [UnreadableException.Empty]),
        ("forms that draw forms", Forms, ["[page 1]\nw"]),
        ("a form that draws itself", () => Page("<< /XObject << /X 5 0 R >> /Font << /F 6 0 R >> >>",
            "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /Y 5 0 R >> >> /Length 5 >>\n"
            + "stream\n/Y Do\nendstream", content: "/X Do " + PdfFile.Text(72, 700, "words")), [Words]),
        ("bookmarks in a circle", () => PdfSpecimens.Bookmarks(isCircle: true), ["[page 1]\nWords"]),
        ("numbers beyond numbers", () => PdfFile.Of(["BT /F 11 Tf 1e999 99999999999999999999999999999999999999999 Td "
            + "(lost) Tj ET\n" + PdfFile.Text(72, 700, "words")]), [Words]),
    ];

    static byte[] Tree(string kids, int count = 1)
    {
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        file.Add($"<< /Type /Pages /Count {count} /Kids {kids} >>");
        file.Add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 5 0 R >> >> "
            + "/Contents 4 0 R >>");
        file.AddStream("", Encoding.Latin1.GetBytes(PdfFile.Text(72, 700, "words")));
        file.Add(Font);
        return file.ToBytes();
    }

    static byte[] DeepTree()
    {
        const int Levels = 100_000;
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        for (var i = 0; i < Levels; i++)
            file.Add($"<< /Type /Pages /Count 1 /Kids [{i + 3} 0 R] >>");
        file.Add("<< /Type /Page /MediaBox [0 0 595 842] >>");
        return file.ToBytes();
    }

    static byte[] Page(string resources, string fifth, string content = "/X Do", string font = Font)
    {
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        file.Add("<< /Type /Pages /Count 1 /Kids [3 0 R] >>");
        file.Add($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources {resources} >>");
        file.AddStream("", Encoding.Latin1.GetBytes(content));
        file.Add(fifth);
        file.Add(font);
        return file.ToBytes();
    }

    // 1 is a stream with the objects 2 and 3, and its length is itself; 4 is the list of places.
    static byte[] StreamInItself()
    {
        var file = new PdfFile();
        file.Add("<< /Type /ObjStm /N 2 /First 8 /Length 1 0 R /Extends 1 0 R >>\n"
            + "stream\n1 0 2 9\n<< >>     << >>\nendstream");
        var bytes = Encoding.Latin1.GetString(file.ToBytes());
        var at = bytes.IndexOf("xref", StringComparison.Ordinal);
        byte[] places = [0, 0, 0, 0, 1, 0, 9, 0, 2, 0, 1, 0, 2, 0, 1, 1, 1, (byte)(at >> 8), (byte)at, 0];
        return [.. Encoding.Latin1.GetBytes(bytes[..at]), .. Encoding.Latin1.GetBytes(
            $"4 0 obj\n<< /Type /XRef /Size 5 /W [1 2 1] /Root 2 0 R /Length {places.Length} >>\nstream\n"), .. places,
            .. Encoding.Latin1.GetBytes($"\nendstream\nendobj\nstartxref\n{at}\n%%EOF")];
    }

    static byte[] Packed(string filter, int megabytes, bool isTwice = false)
    {
        var block = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat("q Q ", 262_144)));
        using var packed = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(
            packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            for (var i = 0; i < megabytes; i++)
                zlib.Write(block);
        var bytes = isTwice ? PdfFile.Deflate(packed.ToArray()) : packed.ToArray();
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        file.Add("<< /Type /Pages /Count 1 /Kids [3 0 R] >>");
        file.Add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>");
        file.AddStream(filter, bytes);
        return file.ToBytes();
    }

    // Each draws the next one ten times, and the last one a word.
    static byte[] Forms()
    {
        const int Levels = 9;
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        file.Add("<< /Type /Pages /Count 1 /Kids [3 0 R] >>");
        file.Add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            + "/Resources << /XObject << /X 6 0 R >> >> >>");
        file.AddStream("", "/X Do"u8.ToArray());
        file.Add(Font);
        for (var i = 0; i < Levels; i++)
            file.AddStream($"/Type /XObject /Subtype /Form /BBox [0 0 600 900] /Resources << /Font << /F 5 0 R >> "
                + $"/XObject << /X {i + 7} 0 R >> >>", Encoding.Latin1.GetBytes(i < Levels - 1
                    ? string.Concat(Enumerable.Repeat("/X Do ", 10)) : PdfFile.Text(72, 700, "w")));
        return file.ToBytes();
    }
}
