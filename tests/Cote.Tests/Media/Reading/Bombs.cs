using System.Globalization;
using System.Text;
using static Cote.Tests.Media.Reading.Packages;

namespace Cote.Tests.Media.Reading;

/// <summary>Files that harm a reader which trusts them.</summary>
static class Bombs
{
    const int Blocks = 1_100; // of a megabyte
    const int FewBlocks = 64;
    const string Dtd = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
        + "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]>";

    /// <summary>Most are a few megabytes that unpack to more than a gigabyte.</summary>
    public static (string Name, string Type, Func<byte[]> Bytes)[] Zips =>
    [
        ("blanks in a Word document", Word, () => Fill(Docx(""), "word/document.xml",
            $"<w:document {WordNamespaces}><w:body>", new string(' ', 1_048_576), "</w:body></w:document>")),
        ("empty paragraphs", Word, () => Fill(Docx(""), "word/document.xml",
            $"<w:document {WordNamespaces}><w:body>", Repeat("<w:p/>"), "</w:body></w:document>")),
        ("one attribute", Word, () => Fill(Docx(""), "word/document.xml",
            $"<w:document {WordNamespaces} a=\"", new string('a', 1_048_576), "\"></w:document>")),
        ("names", Word, () => Fill(Docx(""), "word/document.xml", $"<w:document {WordNamespaces}><w:body>",
            i => Repeat(j => string.Create(CultureInfo.InvariantCulture, $"<a{i}b{j}/>"), 12), "")),
        ("styles", Word, () => Fill(Docx(Paragraph("too large"), ("styles", "<a/>")), "word/styles.xml",
            $"<w:styles {WordNamespaces}>", i => Repeat(j => string.Create(CultureInfo.InvariantCulture,
                $"<w:style w:styleId=\"{i}-{j}\"/>"), 40), "</w:styles>")),
        ("types", Word, () => Fill(Docx(Paragraph("words")), "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">",
            i => Repeat(j => $"<Override PartName=\"/{i}/{j}\" ContentType=\"a/b\"/>", 60), "</Types>")),
        ("empty rows", Excel, () => Fill(Xlsx("", [("One", "", "")]), "xl/sheet1.xml",
            $"<worksheet {SheetNamespaces}><sheetData>", Repeat("<row/>"), "</sheetData></worksheet>")),
        ("shared texts", Excel, () => Fill(Xlsx("", [("One", "",
            "<sheetData><row><c t=\"s\"><v>9999999</v></c></row></sheetData>")], ("sharedStrings", "<a/>")),
            "xl/sharedStrings.xml", $"<sst {SheetNamespaces}>", Repeat("<si><t/></si>"), "</sst>")),
        ("blanks in an OpenDocument text", Text, () => Fill(Open(Text, ""), "content.xml",
            OpenText("|").Split('|')[0], new string(' ', 1_048_576), OpenText("|").Split('|')[1])),
        ("spaces in an OpenDocument text", Text, () => Fill(Open(Text, ""), "content.xml",
            OpenText("<text:p>|").Split('|')[0], Repeat("<text:s text:c=\"9\"/>"), "")),
    ];

    /// <summary>Documents whose type declares entities, and must be refused for that.</summary>
    public static (string Type, byte[] Bytes)[] Entities =>
    [
        (Word, DocxOf($"{Dtd}<w:document {WordNamespaces}><w:body>{Paragraph("&d;")}</w:body></w:document>")),
        (Word, Docx(Paragraph("words"), ("comments", Dtd + "<a>&d;</a>"))),
        (Excel, Xlsx("", [("One", "", "<sheetData/>")], ("sharedStrings", Dtd + "<a>&d;</a>"))),
        (Text, Open(Text, Dtd + OpenText("<text:p>&d;</text:p>"))),
    ];

    /// <summary>Documents that name a file or an address to be read in their place.</summary>
    public static (string Type, byte[] Bytes)[] References(string address) =>
    [
        (Word, DocxOf($"<!DOCTYPE x [<!ENTITY e SYSTEM \"{address}\">]><w:document {WordNamespaces}><w:body>"
            + Paragraph("&e;") + "</w:body></w:document>")),
        (Text, Open(Text, $"<!DOCTYPE x [<!ENTITY e SYSTEM \"{address}\">]>" + OpenText("<text:p>&e;</text:p>"))),
        (Text, Open(Text, $"<!DOCTYPE x SYSTEM \"{address}\">" + OpenText("<text:p>words</text:p>"))),
    ];

    /// <summary>Elements in elements.</summary>
    public static (string Type, byte[] Bytes)[] Deep(int levels) =>
    [
        (Word, Docx(Nested("w:tbl", levels))),
        (Word, Docx(Nested("mc:AlternateContent", levels))),
        (Text, Open(Text, OpenText(Nested("text:list", levels)))),
    ];

    static string Nested(string name, int levels) => new StringBuilder()
        .Insert(0, $"<{name}>", levels).Append(string.Concat(Enumerable.Repeat($"</{name}>", levels))).ToString();

    static string Repeat(string text) => string.Concat(Enumerable.Repeat(text, 1_048_576 / text.Length));

    static string Repeat(Func<int, string> text, int length) =>
        string.Concat(Enumerable.Range(0, 1_048_576 / length).Select(text));

    static byte[] Fill(byte[] zip, string name, string start, string block, string end) =>
        Fill(zip, name, start, Enumerable.Repeat(Encoding.UTF8.GetBytes(block), Blocks), end);

    static byte[] Fill(byte[] zip, string name, string start, Func<int, string> block, string end) =>
        Fill(zip, name, start, Enumerable.Range(0, FewBlocks).Select(x => Encoding.UTF8.GetBytes(block(x))), end);

    static byte[] Fill(byte[] zip, string name, string start, IEnumerable<byte[]> blocks, string end) =>
        Replace(zip, name, stream =>
        {
            stream.Write(start);
            foreach (var block in blocks)
                stream.Write(block);
            stream.Write(end);
        });
}
