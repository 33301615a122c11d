using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>What a picture says beside its pixels: where it was taken, with what, who wrote what about it.</summary>
static class ImageMetadata
{
    const int MostParts = 1_000_000;

    // What a PNG needs to be shown, and nothing that holds text or a time.
    static readonly string[] PngChunks = ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP",
        "sBIT", "bKGD", "hIST", "pHYs", "cICP"];

    const int FrameHeader = 16;
    static readonly string[] FrameChunks = ["ALPH", "VP8 ", "VP8L"];

    static readonly string[] WebPChunks = ["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"];

    /// <summary>
    /// Whether a picture can be shown to anybody byte for byte: every part of it is one of those that are needed for
    /// its pixels and their colours, nothing turns it, and nothing follows its end. False for what is no such picture,
    /// for a JPEG in the colours of print, and for types that are not read everywhere.
    /// </summary>
    public static bool IsPlain(ReadOnlySpan<byte> file, string contentType) => contentType switch
    {
        "image/jpeg" => IsPlainJpeg(file),
        "image/png" => IsPlainPng(file),
        "image/gif" => IsPlainGif(file),
        "image/webp" => IsPlainWebP(file),
        _ => false,
    };

    static bool IsPlainJpeg(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]))
            return false;
        file = file[2..];
        for (var i = 0; i < MostParts && file.Length >= 2 && file[0] == 0xFF; i++)
        {
            var mark = file[1];
            if (mark == 0xD9)
                return file.Length == 2;
            if (mark == 0xFF)
            {
                file = file[1..]; // marks may be filled up
                continue;
            }
            if (file.Length < 4 || 2 + ReadUInt16BigEndian(file[2..]) is var length && length > file.Length)
                return false;
            if (length < 4 || !IsPlainSegment(mark, file[4..length]))
                return false;
            file = file[length..];
            if (mark == 0xDA)
                file = file[LengthOfScan(file)..];
        }
        return false;
    }

    static bool IsPlainSegment(byte mark, ReadOnlySpan<byte> segment) => mark switch
    {
        0xE0 => segment.StartsWith("JFIF\0"u8) && segment.Length == 14, // without a small picture of its own
        0xE2 => segment.StartsWith("ICC_PROFILE\0"u8),
        0xEE => segment.StartsWith("Adobe"u8) && segment.Length == 12,
        0xC4 or 0xCC or 0xDA or 0xDB or 0xDD => true,
        >= 0xC0 and <= 0xCF and not 0xC8 => segment.Length >= 6 && segment[5] is 1 or 3,
        _ => false,
    };

    // Up to the next mark that is not part of the pixels.
    static int LengthOfScan(ReadOnlySpan<byte> file)
    {
        var at = 0;
        while (file[at..].IndexOf((byte)0xFF) is >= 0 and var next && at + next + 1 < file.Length)
        {
            at += next;
            if (file[at + 1] is not (0 or >= 0xD0 and <= 0xD7))
                return at;
            at += 2;
        }
        return file.Length;
    }

    static bool IsPlainPng(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
            return false;
        file = file[8..];
        for (var i = 0; i < MostParts && file.Length >= 12; i++)
        {
            var length = ReadUInt32BigEndian(file);
            if (length > file.Length - 12 || !IsOneOf(PngChunks, file[4..8]))
                return false;
            if (file[4..].StartsWith("IEND"u8))
                return length == 0 && file.Length == 12;
            file = file[(12 + (int)length)..];
        }
        return false;
    }

    static bool IsPlainGif(ReadOnlySpan<byte> file)
    {
        if (file.Length < 14 || (!file.StartsWith("GIF87a"u8) && !file.StartsWith("GIF89a"u8)))
            return false;
        file = After(file, 13 + ColoursOf(file[10]));
        for (var i = 0; i < MostParts && file.Length > 0; i++)
            switch (file[0])
            {
                case 0x3B:
                    return file.Length == 1;
                case 0x2C when file.Length > 10:
                    file = AfterBlocks(After(file, 11 + ColoursOf(file[9])));
                    break;
                case 0x21 when file.Length > 13 && (file[1] == 0xF9 || (file[1] == 0xFF && file[2] == 11
                    && (file[3..].StartsWith("NETSCAPE2.0"u8) || file[3..].StartsWith("ANIMEXTS1.0"u8)))):
                    file = AfterBlocks(file[2..]);
                    break;
                default:
                    return false;
            }
        return false;
    }

    static int ColoursOf(byte flags) => (flags & 0x80) != 0 ? 3 << ((flags & 7) + 1) : 0;

    static ReadOnlySpan<byte> AfterBlocks(ReadOnlySpan<byte> file)
    {
        while (file.Length > 0 && file[0] != 0)
            file = After(file, 1 + file[0]);
        return After(file, 1);
    }

    static ReadOnlySpan<byte> After(ReadOnlySpan<byte> file, int count) => file[Math.Min(count, file.Length)..];

    static bool IsPlainWebP(ReadOnlySpan<byte> file)
    {
        if (file.Length < 20 || !file.StartsWith("RIFF"u8) || !file[8..].StartsWith("WEBP"u8)
            || (ReadUInt32LittleEndian(file[4..]) + 9L & ~1L) != (file.Length + 1L & ~1L))
            return false;
        return ArePlainChunks(file[12..], WebPChunks);
    }

    // A frame of an animation holds chunks of its own.
    static bool ArePlainChunks(ReadOnlySpan<byte> file, string[] known)
    {
        for (var i = 0; i < MostParts && file.Length > 0; i++)
        {
            if (file.Length < 8 || !IsOneOf(known, file[..4]))
                return false;
            var length = ReadUInt32LittleEndian(file[4..]);
            if (length > file.Length - 8)
                return false;
            if (file.StartsWith("ANMF"u8)
                && (length < FrameHeader || !ArePlainChunks(file[(8 + FrameHeader)..(8 + (int)length)], FrameChunks)))
                return false;
            file = After(file, 8 + (int)length + (int)(length & 1));
        }
        return file.Length == 0;
    }

    static bool IsOneOf(string[] types, ReadOnlySpan<byte> type)
    {
        foreach (var known in types)
            if (type[0] == known[0] && type[1] == known[1] && type[2] == known[2] && type[3] == known[3])
                return true;
        return false;
    }
}
