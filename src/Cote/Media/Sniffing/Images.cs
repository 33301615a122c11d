using System.Buffers.Binary;
using System.Text;

namespace Cote.Media;

/// <summary>The headers of images. An image whose header does not say how large it is is not taken for one.</summary>
static class Images
{
    const int MostSegments = 1_000;

    public static FileType? Detect(FileProbe file)
    {
        var head = file.Head;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
            return head.Length >= 33 && head[12..].StartsWith("IHDR"u8)
                ? Sized("image/png", BinaryPrimitives.ReadUInt32BigEndian(head[16..]), BinaryPrimitives.ReadUInt32BigEndian(head[20..])) : null;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return Jpeg(file);
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8))
            return Gif(file);
        if (head.Length >= 30 && head.StartsWith("RIFF"u8) && head[8..].StartsWith("WEBP"u8))
            return WebP(head);
        if (head.Length >= 26 && head.StartsWith("BM"u8))
            return Bmp(head);
        if (head.Length >= 16 && head[4..].StartsWith("ftyp"u8))
            return Heif(head);
        return null;
    }

    static FileType? Jpeg(FileProbe file)
    {
        long at = 2;
        for (var i = 0; i < MostSegments; i++)
        {
            var segment = file.At(at, 9);
            if (segment.Length < 4 || segment[0] != 0xFF)
                return null;
            var mark = segment[1];
            if (mark == 0xFF || mark is >= 0xD0 and <= 0xD8 or 0x01)
            {
                at += mark == 0xFF ? 1 : 2;
                continue;
            }
            if (mark is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
                return segment.Length < 9 ? null : Sized("image/jpeg",
                    BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(7)), BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(5)));
            if (mark is 0xD9 or 0xDA)
                return null;
            var length = BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(2));
            if (length < 2)
                return null;
            at += 2 + length;
        }
        return null;
    }

    // After the header a block must begin: a script that only starts with the six letters is none.
    static FileType? Gif(FileProbe file)
    {
        var head = file.Head;
        if (head.Length < 14)
            return null;
        var colours = (head[10] & 0x80) != 0 ? 3 << ((head[10] & 7) + 1) : 0;
        return file.At(13 + colours, 1) is [0x21 or 0x2C]
            ? Sized("image/gif", BinaryPrimitives.ReadUInt16LittleEndian(head[6..]), BinaryPrimitives.ReadUInt16LittleEndian(head[8..])) : null;
    }

    static FileType? WebP(ReadOnlySpan<byte> head)
    {
        var chunk = head[12..16];
        if (chunk.SequenceEqual("VP8X"u8))
            return Sized("image/webp", 1 + UInt24(head[24..]), 1 + UInt24(head[27..]));
        if (chunk.SequenceEqual("VP8L"u8) && head[20] == 0x2F)
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(head[21..]);
            return Sized("image/webp", 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF));
        }
        return chunk.SequenceEqual("VP8 "u8) && head[23..].StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A])
            ? Sized("image/webp", BinaryPrimitives.ReadUInt16LittleEndian(head[26..]) & 0x3FFF,
                BinaryPrimitives.ReadUInt16LittleEndian(head[28..]) & 0x3FFF) : null;
    }

    static FileType? Bmp(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) switch
    {
        12 => Sized("image/bmp", BinaryPrimitives.ReadUInt16LittleEndian(head[18..]), BinaryPrimitives.ReadUInt16LittleEndian(head[20..])),
        40 or 52 or 56 or 108 or 124 => Sized("image/bmp", BinaryPrimitives.ReadInt32LittleEndian(head[18..]),
            Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(head[22..]))), // a negative height is one from top to bottom
        _ => null,
    };

    // The largest of the sizes that its parts have; in a file of any size they stand in the first few kilobytes.
    static FileType? Heif(ReadOnlySpan<byte> head)
    {
        var type = Encoding.ASCII.GetString(head[8..12]) switch
        {
            "avif" or "avis" => "image/avif",
            "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" => "image/heic",
            "mif1" or "msf1" => head[16..Math.Min(head.Length, 64)].IndexOf("avif"u8) >= 0 ? "image/avif" : "image/heic",
            _ => null,
        };
        if (type is null)
            return null;
        long width = 0, height = 0;
        for (var rest = head; rest.IndexOf("ispe"u8) is >= 0 and var at && rest.Length >= at + 16; rest = rest[(at + 16)..])
        {
            var (w, h) = (BinaryPrimitives.ReadUInt32BigEndian(rest[(at + 8)..]), BinaryPrimitives.ReadUInt32BigEndian(rest[(at + 12)..]));
            if ((ulong)w * h > (ulong)width * (ulong)height)
                (width, height) = (w, h);
        }
        return Sized(type, width, height);
    }

    static FileType? Sized(string type, long width, long height) => width > 0 && height > 0 ? new(type, width, height) : null;

    static int UInt24(ReadOnlySpan<byte> at) => at[0] | (at[1] << 8) | (at[2] << 16);
}
