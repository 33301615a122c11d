using System.Text;
using Cote.Media;

namespace Cote.Tests.Media.Sniffing;

/// <summary>What is told from bytes alone.</summary>
public sealed class FileTypesTests
{
    public static TheoryData<string, string, byte[]> Taken => new()
    {
        { "image/png", "a.png", Samples.Png() },
        { "image/png", "a.txt", Samples.Png() },
        { "image/jpeg", "a.jpg", Samples.Jpeg() },
        { "image/gif", "a.gif", Samples.Gif() },
        { "image/webp", "a.webp", Samples.WebP() },
        { "image/bmp", "a.bmp", Samples.Bmp() },
        { "image/tiff", "a.tif", Samples.Tiff() },
        { "image/tiff", "a.dat", Samples.Tiff(isLittle: false) },
        { "image/heic", "a.heic", Samples.Heif("heic", 4, 3) },
        { "image/avif", "a.avif", Samples.Heif("avif", 4, 3) },
        { "audio/mpeg", "a.mp3", Samples.Mp3() },
        { "audio/mpeg", "a.mp3", [.. "ID3"u8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
        { "audio/aac", "a.aac", Samples.Adts() },
        { "audio/wav", "a.wav", Samples.Wav() },
        { "audio/ogg", "a.ogg", [.. "OggS"u8, .. new byte[24], .. "OpusHead"u8] },
        { "video/ogg", "a.ogv", [.. "OggS"u8, .. new byte[24], 0x80, .. "theora"u8] },
        { "audio/flac", "a.flac", [.. "fLaC"u8, .. new byte[16]] },
        { "audio/mp4", "a.m4a", Samples.IsoMedia("M4A ") },
        { "audio/mp4", "a.m4a", Samples.IsoMedia("isom") },
        { "video/mp4", "a.mp4", Samples.IsoMedia("isom") },
        { "video/quicktime", "a.mov", Samples.IsoMedia("qt  ") },
        { "video/webm", "a.webm", Samples.Matroska("webm", "V_VP9A_OPUS") },
        { "audio/webm", "voice.webm", Samples.Matroska("webm", "A_OPUS") },
        { "video/x-matroska", "a.mkv", Samples.Matroska("matroska", "V_VP9") },
        { "application/pdf", "a.pdf", Samples.Pdf() },
        { "text/plain", "a.txt", "Grüße, 世界 🕊️"u8.ToArray() },
        { "text/plain", "a", "\uFEFFwith a mark"u8.ToArray() },
        { "text/plain", "page.txt", "In HTML one writes <script>alert(1)</script>."u8.ToArray() },
        { "text/plain", "project.csproj", "<Project Sdk=\"x\"></Project>"u8.ToArray() },
        { "text/markdown", "a.md", "# Title"u8.ToArray() },
        { "text/csv", "a.csv", "a,b\n1,2"u8.ToArray() },
        { "application/json", "a.json", "{}"u8.ToArray() },
        { "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.docx", Samples.Docx() },
        { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "a.xlsx",
            Samples.Zip(("[Content_Types].xml", ""), ("xl/workbook.xml", "")) },
        { "application/vnd.openxmlformats-officedocument.presentationml.presentation", "a.pptx",
            Samples.Zip(("[Content_Types].xml", ""), ("ppt/presentation.xml", "")) },
        { "application/vnd.oasis.opendocument.text", "a.odt", Samples.OpenDocument("text") },
        { "application/vnd.oasis.opendocument.spreadsheet", "a.ods", Samples.OpenDocument("spreadsheet") },
        { "application/vnd.oasis.opendocument.presentation", "a.odp", Samples.OpenDocument("presentation") },
        { "application/msword", "a.doc", Samples.Compound("Root Entry", "WordDocument") },
        { "application/vnd.ms-excel", "a.xls", Samples.Compound("Root Entry", "Workbook") },
        { "application/vnd.ms-powerpoint", "a.ppt", Samples.Compound("Root Entry", "PowerPoint Document") },
    };

    public static TheoryData<string, byte[]> Refused => new()
    {
        { "program.png", [.. "MZ"u8, 0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xFF, 0xFF] },
        { "program", [0x7F, .. "ELF"u8, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
        { "picture.exe", Samples.Gif() },
        { "run.bat", "echo hi"u8.ToArray() },
        { "a.zip", Samples.Zip(("a.txt", "hello")) },
        { "a.docx", Samples.Zip(("word/document.xml", "<x/>")) },
        { "a.docm", Samples.Docx() },
        { "a.docx", Samples.Docx(("word/vbaProject.bin", "x")) },
        { "a.docx", Samples.Docx()[..^30] },
        { "a.apk", Samples.Zip(("AndroidManifest.xml", ""), ("classes.dex", "")) },
        { "a.odt", Samples.Zip(("content.xml", ""), ("mimetype", "application/vnd.oasis.opendocument.text")) },
        { "a.doc", Samples.Compound("Root Entry", "WordDocument", "Macros") },
        { "a.msi", Samples.Compound("Root Entry", "!_StringPool") },
        { "page.html", "<!DOCTYPE html><title>x</title>"u8.ToArray() },
        { "photo.jpg", "<html><script>alert(1)</script></html>"u8.ToArray() },
        { "photo.jpg", "\uFEFF \r\n\t<ScRiPt>alert(1)</script>"u8.ToArray() },
        { "a.html", "plain words"u8.ToArray() },
        { "a.txt", "<!-- x --><p>hello"u8.ToArray() },
        { "drawing.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"u8.ToArray() },
        { "drawing.png",
            "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"u8.ToArray() },
        { "a.xml", "<?xml version=\"1.0\"?><?xml-stylesheet href=\"x.xsl\"?><a/>"u8.ToArray() },
        { "a.gif", "GIF89a=1;alert(document.domain)"u8.ToArray() },
        { "a.gif", "GIF89a/*"u8.ToArray() },
        { "a.png", Samples.Png()[..20] },
        { "a.png", Samples.Png(0, 0) },
        { "a.tif", Samples.Tiff(0, 0) },
        { "a.tif", Samples.Tiff()[..20] },
        { "a.tif", [.. "II*\0"u8, 0xFF, 0xFF, 0xFF, 0xFF, .. new byte[600]] },
        { "a.tif", [.. "MM\0*"u8, 0, 0, 0, 0] },
        { "a.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 1, 2, 3] },
        { "a.jpg", [0xFF, 0xD8, 0xFF, .. Encoding.ASCII.GetBytes("<script>alert(1)</script>")] },
        { "a.mp3", [0xFF, 0xFB, 0x90, 0, .. new byte[500]] },
        { "a.txt", "with a \0 in it"u8.ToArray() },
        { "a.txt", [.. "not utf-8: "u8, 0xC3, 0x28] },
        { "a.txt", [.. "cut off: "u8, 0xE4, 0xB8] },
        { "noise", [1, 2, 3, 4, 250, 251, 252] },
    };

    [Theory]
    [MemberData(nameof(Taken))]
    public void A_file_is_what_its_bytes_say(string type, string name, byte[] bytes) =>
        (Detect(bytes, name)?.ContentType).ShouldBe(type);

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_known_for_certain_is_refused(string name, byte[] bytes) =>
        Detect(bytes, name).ShouldBeNull();

    [Fact]
    public void Images_say_how_large_they_are()
    {
        foreach (var image in new[] { Samples.Png(640, 480), Samples.Jpeg(640, 480), Samples.Gif(640, 480),
            Samples.WebP(640, 480), Samples.Bmp(640, 480), Samples.Heif("heic", 640, 480), Samples.Tiff(640, 480),
            Samples.Tiff(640, 480, isLittle: false) })
            (Detect(image, "a") is { } type ? (type.Width, type.Height) : default).ShouldBe((640, 480));
    }

    [Fact]
    public void A_letter_across_two_chunks_is_whole()
    {
        byte[] text = [.. Encoding.ASCII.GetBytes(new string('a', 64 * 1024 - 1)), .. "世界"u8];

        Detect(text, "a.txt").ShouldNotBeNull();
        Detect([.. text, 0xE4], "a.txt").ShouldBeNull();
    }

    // 42.zip and its kin: what unpacks to a thousand times itself.
    [Fact]
    public void A_zip_bomb_that_looks_like_a_document_is_refused()
    {
        var bomb = Samples.Docx(("word/media/zeros.bin", new string('0', 120 * 1_048_576)));

        bomb.Length.ShouldBeLessThan(1_048_576); // so it is one
        Detect(bomb, "a.docx").ShouldBeNull();
    }

    [Theory]
    [InlineData("photo.jpg", "photo.jpg")]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData(@"C:\Users\me\photo.jpg", "photo.jpg")]
    [InlineData("..", "file")]
    [InlineData("", "file")]
    [InlineData(null, "file")]
    [InlineData("a\0b.txt", "ab.txt")]
    [InlineData("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt")]
    [InlineData("report\u202Efdp.exe", "reportfdp.exe")]
    [InlineData("\u2066a\u2069.txt", "a.txt")]
    [InlineData("a\u2028b.txt", "ab.txt")]
    [InlineData(".hidden", "hidden")]
    [InlineData("Grüße 世界 🕊️.txt", "Grüße 世界 🕊️.txt")]
    [InlineData("👩‍👧.png", "👩‍👧.png")]
    [InlineData("a\"b<c>.txt", "a_b_c_.txt")]
    public void A_name_is_made_fit_for_headers_disks_and_eyes(string? given, string clean) =>
        FileNames.Clean(given).ShouldBe(clean);

    [Fact]
    public void A_long_name_is_cut_and_keeps_its_extension()
    {
        FileNames.Clean(new string('x', 5_000) + ".png").ShouldBe(new string('x', 196) + ".png");
        FileNames.Clean(string.Concat(Enumerable.Repeat("🕊", 2_500)) + ".png").ShouldEndWith("🕊.png");
        FileNames.Clean("a" + string.Concat(Enumerable.Repeat("🕊", 2_500))).EnumerateRunes()
            .ShouldAllBe(x => x.Value != 0xFFFD);
    }

    internal static FileType? Detect(byte[] bytes, string name)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            using var file = new FileProbe(path);
            return FileTypes.Detect(file, FileNames.Clean(name));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
