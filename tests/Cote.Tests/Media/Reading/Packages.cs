using System.IO.Compression;
using System.Text;

namespace Cote.Tests.Media.Reading;

/// <summary>Documents of Office and OpenDocument by hand, with what their programs do not write.</summary>
static class Packages
{
    public const string Word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    public const string Excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    public const string PowerPoint = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
    public const string Text = "application/vnd.oasis.opendocument.text";
    public const string Spreadsheet = "application/vnd.oasis.opendocument.spreadsheet";
    public const string Presentation = "application/vnd.oasis.opendocument.presentation";

    const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const string Types = "http://schemas.openxmlformats.org/package/2006/";
    const string OpenXml = "application/vnd.openxmlformats-officedocument.";

    public const string WordNamespaces =
        "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" "
        + "xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\" "
        + "xmlns:v=\"urn:schemas-microsoft-com:vml\" "
        + "xmlns:wps=\"http://schemas.microsoft.com/office/word/2010/wordprocessingShape\"";

    public const string SheetNamespaces =
        "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"" + Relations + "\"";

    /// <summary>A Word document.</summary>
    /// <param name="body">What stands in its body.</param>
    /// <param name="parts">The name of each other part, such as <c>comments</c>, and what is in it.</param>
    public static byte[] Docx(string body, params (string Name, string Xml)[] parts) => DocxOf(
        $"<w:document {WordNamespaces}><w:body>{body}</w:body></w:document>", parts);

    public static byte[] DocxOf(string document, params (string Name, string Xml)[] parts) => Package(
        "word/document.xml", "wordprocessingml.document.main", document,
        [.. parts.Select((x, i) => ("word/" + x.Name + ".xml", "wordprocessingml." + x.Name, x.Name, $"r{i + 1}",
            x.Xml))]);

    /// <summary>An Excel workbook.</summary>
    /// <param name="workbook">What stands in the workbook but its sheets, which are named as given.</param>
    /// <param name="sheets">Name, attributes and content of each.</param>
    /// <param name="parts">The other parts: <c>styles</c>, <c>sharedStrings</c>.</param>
    public static byte[] Xlsx(
        string workbook, (string Name, string More, string Xml)[] sheets, params (string Name, string Xml)[] parts) =>
        Package("xl/workbook.xml", "spreadsheetml.sheet.main",
            $"<workbook {SheetNamespaces}>{workbook}<sheets>" + string.Concat(sheets.Select((x, i) =>
                $"<sheet name=\"{x.Name}\" sheetId=\"{i + 1}\" {x.More} r:id=\"s{i + 1}\"/>")) + "</sheets></workbook>",
            [
                .. sheets.Select((x, i) => ($"xl/sheet{i + 1}.xml", "spreadsheetml.worksheet", "worksheet", $"s{i + 1}",
                    $"<worksheet {SheetNamespaces}>{x.Xml}</worksheet>")),
                .. parts.Select((x, i) => ($"xl/{x.Name}.xml", "spreadsheetml." + x.Name, x.Name, $"p{i + 1}", x.Xml)),
            ]);

    /// <summary>A presentation of slides with their attributes and content.</summary>
    public static byte[] Pptx(params (string More, string Shapes)[] slides)
    {
        const string Namespaces = "xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\" "
            + "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" xmlns:r=\"" + Relations + "\"";
        return Package("ppt/presentation.xml", "presentationml.presentation.main",
            $"<p:presentation {Namespaces}><p:sldIdLst>" + string.Concat(slides.Select((_, i) =>
                $"<p:sldId id=\"{256 + i}\" r:id=\"s{i + 1}\"/>").Reverse()) + "</p:sldIdLst></p:presentation>",
            [.. slides.Select((x, i) => ($"ppt/slide{i + 1}.xml", "presentationml.slide", "slide", $"s{i + 1}",
                $"<p:sld {Namespaces} {x.More}><p:cSld><p:spTree>{x.Shapes}</p:spTree></p:cSld></p:sld>"))]);
    }

    public static string Shape(string role, params string[] lines) =>
        $"<p:sp><p:nvSpPr><p:nvPr><p:ph type=\"{role}\"/></p:nvPr></p:nvSpPr><p:txBody>"
        + string.Concat(lines.Select(x => $"<a:p><a:r><a:t>{x}</a:t></a:r></a:p>")) + "</p:txBody></p:sp>";

    public static string Paragraph(string text) => $"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>";

    /// <summary>An OpenDocument file with such a content and manifest.</summary>
    public static byte[] Open(string type, string content, string manifest = "<manifest/>") => Samples.Zip(
        ("mimetype", type), ("content.xml", content), ("META-INF/manifest.xml", manifest));

    public static string OpenText(string body) =>
        "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" "
        + "xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:text>" + body
        + "</office:text></office:body></office:document-content>";

    static byte[] Package(string main, string type, string xml,
        (string Path, string Type, string Relation, string Id, string Xml)[] parts) => Samples.Zip(
        [("[Content_Types].xml", $"<Types xmlns=\"{Types}content-types\"><Default Extension=\"rels\" "
            + "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
            + $"<Override PartName=\"/{main}\" ContentType=\"{OpenXml}{type}+xml\"/>"
            + string.Concat(parts.Select(x =>
                $"<Override PartName=\"/{x.Path}\" ContentType=\"{OpenXml}{x.Type}+xml\"/>")) + "</Types>"),
        ("_rels/.rels", $"<Relationships xmlns=\"{Types}relationships\"><Relationship Id=\"r1\" "
            + $"Type=\"{Relations}/officeDocument\" Target=\"{main}\"/></Relationships>"),
        (main, xml),
        (main.Insert(main.IndexOf('/') + 1, "_rels/") + ".rels", $"<Relationships xmlns=\"{Types}relationships\">"
            + string.Concat(parts.Select(x => $"<Relationship Id=\"{x.Id}\" Type=\"{Relations}/{x.Relation}\" "
                + $"Target=\"/{x.Path}\"/>")) + "</Relationships>"),
        .. parts.Select(x => (x.Path, x.Xml))]);

    /// <summary>Makes one entry of a zip as long as it is written to.</summary>
    public static byte[] Replace(byte[] zip, string name, Action<Stream> write)
    {
        using var bytes = new MemoryStream();
        bytes.Write(zip);
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Update, leaveOpen: true))
            archive.GetEntry(name)!.Delete();
        using var made = new MemoryStream();
        using (var from = new ZipArchive(bytes, ZipArchiveMode.Read))
        using (var to = new ZipArchive(made, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in from.Entries)
                using (Stream source = entry.Open(), target = to.CreateEntry(entry.FullName).Open())
                    source.CopyTo(target);
            using (var target = to.CreateEntry(name, CompressionLevel.Fastest).Open())
                write(target);
        }
        return made.ToArray();
    }

    public static void Write(this Stream stream, string text) => stream.Write(Encoding.UTF8.GetBytes(text));
}
