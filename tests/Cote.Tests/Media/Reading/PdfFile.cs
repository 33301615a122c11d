using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Cote.Tests.Media.Reading;

/// <summary>A PDF by hand: its objects from 1 on, which is the catalogue; 2 is the tree of pages.</summary>
sealed class PdfFile
{
    readonly List<byte[]> _objects = [];

    /// <summary>Adds an object; its number.</summary>
    public int Add(string text) => Add(Encoding.Latin1.GetBytes(text));

    public int Add(byte[] bytes)
    {
        _objects.Add(bytes);
        return _objects.Count;
    }

    public int AddStream(string dictionary, byte[] bytes) => Add([
        .. Encoding.Latin1.GetBytes($"<< {dictionary} /Length {bytes.Length} >>\nstream\n"), .. bytes,
        .. "\nendstream"u8]);

    public static byte[] Deflate(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>Pages of content in Helvetica, which is called F.</summary>
    /// <param name="contents">What draws each.</param>
    /// <param name="page">What stands in the dictionary of each.</param>
    /// <param name="catalogue">What stands in the catalogue.</param>
    public static byte[] Of(IEnumerable<string> contents, string page = "", string catalogue = "")
    {
        var file = new PdfFile();
        file.Add($"<< /Type /Catalog /Pages 2 0 R {catalogue} >>");
        file.Add("");
        file.Add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
        var kids = new List<int>();
        foreach (var content in contents)
        {
            var stream = file.AddStream("", Encoding.Latin1.GetBytes(content));
            kids.Add(file.Add($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {page} "
                + $"/Resources << /Font << /F 3 0 R >> >> /Contents {stream} 0 R >>"));
        }
        file._objects[1] = Encoding.Latin1.GetBytes(
            $"<< /Type /Pages /Count {kids.Count} /Kids [{string.Join(' ', kids.Select(x => x + " 0 R"))}] >>");
        return file.ToBytes();
    }

    /// <summary>Draws a text with its baseline at a point.</summary>
    public static string Text(double x, double y, string text) =>
        string.Create(CultureInfo.InvariantCulture, $"BT /F 11 Tf {x} {y} Td ({text}) Tj ET\n");

    /// <summary>Draws lines below each other.</summary>
    public static string Lines(double x, double y, params IEnumerable<string> lines) =>
        string.Concat(lines.Select((line, i) => Text(x, y - 14 * i, line)));

    public byte[] ToBytes(string trailer = "")
    {
        using var file = new MemoryStream();
        void Write(string text) => file.Write(Encoding.Latin1.GetBytes(text));
        Write("%PDF-1.7\n");
        var places = new List<long>();
        foreach (var (i, bytes) in _objects.Index())
        {
            places.Add(file.Position);
            Write($"{i + 1} 0 obj\n");
            file.Write(bytes);
            Write("\nendobj\n");
        }
        var start = file.Position;
        Write($"xref\n0 {places.Count + 1}\n0000000000 65535 f \n");
        foreach (var place in places)
            Write(string.Create(CultureInfo.InvariantCulture, $"{place:D10} 00000 n \n"));
        Write($"trailer\n<< /Size {places.Count + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n");
        return file.ToArray();
    }
}
