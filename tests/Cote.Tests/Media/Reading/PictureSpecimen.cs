using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Cote.Tests.Media.Reading;

/// <summary>A file, and what a model must get of it.</summary>
/// <param name="Width">As viewers show it.</param>
/// <param name="Height">As viewers show it.</param>
/// <param name="Corners">
/// The colours of the four corners as viewers show them, row by row: red, green, blue, white, black, or clear.
/// </param>
/// <param name="Word">Why it cannot be read.</param>
public sealed record PictureSpecimen(
    string Name, string ContentType, Func<byte[]> Bytes, int Width, int Height, string? Corners = null,
    string? Word = null)
{
    public override string ToString() => Name;
}

/// <summary>Parts of picture files that no tool here writes.</summary>
static class PictureParts
{
    /// <summary>Four fields of one colour each: red and green above blue and white.</summary>
    public static byte[] Ppm(int width, int height)
    {
        var bytes = new List<byte>(Encoding.ASCII.GetBytes($"P6 {width} {height} 255\n"));
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                bytes.AddRange((x < width / 2, y < height / 2) switch
                {
                    (true, true) => [255, 0, 0],
                    (false, true) => [0, 255, 0],
                    (true, false) => [0, 0, 255],
                    _ => (byte[])[255, 255, 255],
                });
        return [.. bytes];
    }

    /// <summary>A byte order, one directory, one entry.</summary>
    public static byte[] Exif(int orientation, string more = "") =>
        [.. "MM\0*\0\0\0\u0008\0\u0001\u0001\u0012\0\u0003\0\0\0\u0001\0"u8, (byte)orientation, 0, 0, 0, 0, 0, 0,
            .. Encoding.ASCII.GetBytes(more)];

    /// <summary>A JPEG with a segment more behind its first mark.</summary>
    public static byte[] WithSegment(byte[] jpeg, byte mark, ReadOnlySpan<byte> content) =>
        [.. jpeg[..2], 0xFF, mark, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content,
            .. jpeg[2..]];

    public static byte[] WithExif(byte[] jpeg, int orientation, string more = "") =>
        WithSegment(jpeg, 0xE1, [.. "Exif\0\0"u8, .. Exif(orientation, more)]);

    /// <summary>A PNG with a chunk more behind its header.</summary>
    public static byte[] WithChunk(byte[] png, string type, byte[] content) =>
        [.. png[..33], .. Samples.Chunk(type, content), .. png[33..]];

    /// <summary>A real PNG of zeros, of any size: it is nearly nothing when it is packed.</summary>
    public static byte[] PngOfZeros(int width, int height)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[1 + (width + 7) / 8];
            for (var y = 0; y < height; y++)
                zlib.Write(row);
        }
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 1;
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. Samples.Chunk("IHDR", header),
            .. Samples.Chunk("IDAT", packed.ToArray()), .. Samples.Chunk("IEND", [])];
    }

    /// <summary>A HEIF whose property of bit depths becomes one that turns the image to the left.</summary>
    public static byte[] Turned(byte[] heif, byte quarters)
    {
        var bytes = heif.ToArray();
        var at = bytes.AsSpan().IndexOf("pixi\0\0\0\0"u8);
        "irot"u8.CopyTo(bytes.AsSpan(at));
        bytes[at + 4] = quarters;
        return bytes;
    }

    public static byte[] Cut(byte[] file, double share) => file[..(int)(file.Length * share)];
}
