using System.Text;

namespace Cote.Tests.Media.Reading;

/// <summary>
/// Pages as scanners make them: a picture of 600 by 800 that is light, with a dark bar near its upper left corner.
/// </summary>
static class Scans
{
    public const int Width = 600, Height = 800;

    static readonly string[] Drawing =
        ["-size", $"{Width}x{Height}", "xc:white", "-fill", "black", "-draw", "rectangle 60,80 300,160"];

    public static byte[] Jpeg(string page = "", string? matrix = null) =>
        Of("/Filter /DCTDecode", Draw("out.jpg", "-colorspace", "Gray"), page, matrix);

    /// <summary>A JPEG that is packed once more, as some programs do with all streams.</summary>
    public static byte[] PackedJpeg() => Of("/Filter [/FlateDecode /DCTDecode]",
        PdfFile.Deflate(Draw("out.jpg", "-colorspace", "Gray")));

    public static byte[] Jpeg2000() => Of("/Filter /JPXDecode", Draw("out.jp2", "-colorspace", "Gray"));

    public static byte[] Gray() => Of("/Filter /FlateDecode", PdfFile.Deflate(Draw("gray:out", "-depth", "8")));

    /// <summary>Two colours, where a set bit is white unless it is said to be black.</summary>
    public static byte[] Fax(bool isTurned = false)
    {
        var bits = Draw("group4:out", isTurned ? ["-monochrome", "-negate"] : ["-monochrome"]);
        return Of($"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns {Width} /Rows {Height} "
            + $"/BlackIs1 {(isTurned ? "true" : "false")} >>", bits, bits: 1);
    }

    /// <summary>A page that a picture fills.</summary>
    /// <param name="dictionary">How the picture is packed.</param>
    /// <param name="bytes">The picture.</param>
    /// <param name="page">What stands in the dictionary of the page.</param>
    /// <param name="matrix">Where the picture is; it fills the page unless this is said.</param>
    /// <param name="bits">The bits of a sample.</param>
    /// <param name="more">What is drawn beside it.</param>
    /// <param name="size">What it says of its size, where that is not true.</param>
    public static byte[] Of(string dictionary, byte[] bytes, string page = "", string? matrix = null, int bits = 8,
        string more = "", string? size = null)
    {
        var file = new PdfFile();
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        file.Add("<< /Type /Pages /Count 1 /Kids [3 0 R] >>");
        file.Add($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] {page} /Resources << /XObject << /I 5 0 R >> "
            + "/Font << /F 6 0 R >> >> /Contents 4 0 R >>");
        file.AddStream("", Encoding.Latin1.GetBytes($"q {matrix ?? "600 0 0 800 0 0"} cm /I Do Q {more}"));
        file.AddStream($"/Type /XObject /Subtype /Image {size ?? $"/Width {Width} /Height {Height}"} "
            + $"/ColorSpace /DeviceGray /BitsPerComponent {bits} {dictionary}", bytes);
        file.Add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
        return file.ToBytes();
    }

    /// <summary>The grays of a picture that a reader gave, turned as it says.</summary>
    public static byte[,] Pixels(byte[] picture, int turn)
    {
        var grays = OfficePrograms.Run(Tools.Convert, picture, "out", "in", "-rotate", $"{turn}", "-colorspace", "Gray",
            "-depth", "8", "gray:out");
        var width = turn % 180 == 0 ? Width : Height;
        var pixels = new byte[width, grays.Length / width];
        for (var i = 0; i < grays.Length; i++)
            pixels[i % width, i / width] = grays[i];
        return pixels;
    }

    static byte[] Draw(string made, params string[] arguments) => OfficePrograms.Run(
        Tools.Convert, [], made[(made.IndexOf(':') + 1)..], [.. Drawing, .. arguments, made]);
}
