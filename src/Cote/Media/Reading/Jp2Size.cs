using System.Buffers.Binary;

namespace Cote.Media.Reading;

/// <summary>What a JPEG 2000 takes when it is decoded, from the header of its code stream.</summary>
static class Jp2Size
{
    const int Furthest = 65_536;

    /// <summary>The bytes of its samples of 32 bits each, or null where the header is not found.</summary>
    public static long? BytesOf(ReadOnlySpan<byte> file)
    {
        var at = file[..Math.Min(file.Length, Furthest)].IndexOf((ReadOnlySpan<byte>)[0xFF, 0x4F, 0xFF, 0x51]);
        if (at < 0 || file.Length - at < 42)
            return null;
        var size = file[(at + 8)..];
        long width = (long)ReadAt(size, 0) - ReadAt(size, 8), height = (long)ReadAt(size, 4) - ReadAt(size, 12);
        var components = BinaryPrimitives.ReadUInt16BigEndian(size[32..]);
        var bytes = (Int128)width * height * components * sizeof(int);
        return width > 0 && height > 0 && bytes <= long.MaxValue ? (long)bytes : null;
    }

    static uint ReadAt(ReadOnlySpan<byte> size, int at) => BinaryPrimitives.ReadUInt32BigEndian(size[at..]);
}
