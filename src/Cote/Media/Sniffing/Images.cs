using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>
/// The headers of images, and the size at which viewers show them. A file whose header does not say its size is not
/// taken for an image.
/// </summary>
static class Images
{
    const int MostSegments = 1_000;
    const int LongestSegment = 65_536;

    /// <summary>Null where the file is no image; HEIF and AVIF are <see cref="IsoMedia"/>'s.</summary>
    public static FileType? Detect(FileProbe file)
    {
        var head = file.Head;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
            return Png(file);
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return Jpeg(file);
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8))
            return Gif(file);
        if (head.Length >= 30 && head.StartsWith("RIFF"u8) && head[8..].StartsWith("WEBP"u8))
            return WebP(head);
        if (head.Length >= 26 && head.StartsWith("BM"u8))
            return Bmp(head);
        if (head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8))
            return TiffPage.Read(file) is var (width, height, turn)
                ? Sized("image/tiff", width, height, Exif.SwapsSides(turn)) : null;
        return null;
    }

    /// <summary>How viewers turn and mirror an image beside what its own decoder does, from 1 (not) to 8.</summary>
    public static int OrientationOf(FileProbe file, string contentType) => contentType switch
    {
        "image/jpeg" => JpegHeader(file).Orientation ?? 1,
        "image/png" => PngOrientation(file),
        "image/tiff" => TiffPage.Read(file)?.Orientation ?? 1,
        _ => 1, // a WebP is not turned, and a HEIF's turns are its own
    };

    static FileType? Png(FileProbe file)
    {
        var head = file.Head;
        if (head.Length < 33 || !head[12..].StartsWith("IHDR"u8))
            return null;
        return Sized("image/png", ReadUInt32BigEndian(head[16..]), ReadUInt32BigEndian(head[20..]),
            Exif.SwapsSides(PngOrientation(file)));
    }

    // Chromium looks for Exif data up to the first pixels, and only at the first such chunk.
    static int PngOrientation(FileProbe file)
    {
        long at = 33;
        for (var i = 0; i < MostSegments; i++)
        {
            var chunk = file.At(at, 8);
            if (chunk.Length < 8 || chunk.AsSpan(4).SequenceEqual("IDAT"u8))
                return 1;
            var length = ReadUInt32BigEndian(chunk);
            if (chunk.AsSpan(4).SequenceEqual("eXIf"u8))
                return Exif.OrientationOf(file.At(at + 8, (int)Math.Min(length, LongestSegment)));
            at += 12 + (long)length;
        }
        return 1;
    }

    static FileType? Jpeg(FileProbe file) => JpegHeader(file) is ({ } size, var orientation)
        ? Sized("image/jpeg", size.Width, size.Height, Exif.SwapsSides(orientation ?? 1)) : null;

    // The segments up to the pixels: Exif data may stand before the size and behind it, and the first counts.
    static ((int Width, int Height)? Size, int? Orientation) JpegHeader(FileProbe file)
    {
        (int Width, int Height)? size = null;
        int? orientation = null;
        long at = 2;
        for (var i = 0; i < MostSegments; i++)
        {
            var segment = file.At(at, 9);
            if (segment.Length < 4 || segment[0] != 0xFF)
                break;
            var mark = segment[1];
            if (mark == 0xFF || mark is >= 0xD0 and <= 0xD8 or 0x01)
            {
                at += mark == 0xFF ? 1 : 2;
                continue;
            }
            var length = ReadUInt16BigEndian(segment.AsSpan(2));
            if (mark is 0xD9 or 0xDA || length < 2)
                break;
            if (mark is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && segment.Length == 9)
                size ??= (ReadUInt16BigEndian(segment.AsSpan(7)), ReadUInt16BigEndian(segment.AsSpan(5)));
            if (mark == 0xE1 && orientation is null && segment.AsSpan(4).StartsWith("Exif\0"u8))
                orientation = length >= 8 ? Exif.OrientationOf(file.At(at + 10, length - 8)) : 1;
            at += 2 + length;
        }
        return (size, orientation);
    }

    // After the header a block must begin: a script that only starts with the six letters is none.
    static FileType? Gif(FileProbe file)
    {
        var head = file.Head;
        if (head.Length < 14)
            return null;
        var colours = (head[10] & 0x80) != 0 ? 3 << ((head[10] & 7) + 1) : 0;
        return file.At(13 + colours, 1) is [0x21 or 0x2C]
            ? Sized("image/gif", ReadUInt16LittleEndian(head[6..]), ReadUInt16LittleEndian(head[8..]))
            : null;
    }

    // Chromium does not turn a WebP by its Exif data.
    static FileType? WebP(ReadOnlySpan<byte> head)
    {
        var chunk = head[12..16];
        if (chunk.SequenceEqual("VP8X"u8))
            return Sized("image/webp", 1 + UInt24(head[24..]), 1 + UInt24(head[27..]));
        if (chunk.SequenceEqual("VP8L"u8) && head[20] == 0x2F)
        {
            var bits = ReadUInt32LittleEndian(head[21..]);
            return Sized("image/webp", 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF));
        }
        return chunk.SequenceEqual("VP8 "u8) && head[23..].StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A])
            ? Sized("image/webp", ReadUInt16LittleEndian(head[26..]) & 0x3FFF,
                ReadUInt16LittleEndian(head[28..]) & 0x3FFF)
            : null;
    }

    static FileType? Bmp(ReadOnlySpan<byte> head) => ReadUInt32LittleEndian(head[14..]) switch
    {
        12 => Sized("image/bmp",
            ReadUInt16LittleEndian(head[18..]), ReadUInt16LittleEndian(head[20..])),
        40 or 52 or 56 or 108 or 124 => Sized("image/bmp", ReadInt32LittleEndian(head[18..]),
            Math.Abs((long)ReadInt32LittleEndian(head[22..]))), // negative: the rows go from top to bottom
        _ => null,
    };

    static FileType? Sized(string type, long width, long height, bool isTurned = false) =>
        width <= 0 || height <= 0 ? null : isTurned ? new(type, height, width) : new(type, width, height);

    static int UInt24(ReadOnlySpan<byte> at) => at[0] | (at[1] << 8) | (at[2] << 16);
}
