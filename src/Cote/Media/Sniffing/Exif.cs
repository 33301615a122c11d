using System.Buffers.Binary;

namespace Cote.Media;

/// <summary>The orientation in a photo's Exif data, read as strictly as Chromium does.</summary>
static class Exif
{
    const int EntryLength = 12;
    const ushort Orientation = 0x0112;
    const ushort Short = 3;

    /// <summary>
    /// How viewers turn and mirror the image, from 1 (as it is stored) to 8; 1 where the data does not say it.
    /// </summary>
    /// <param name="tiff">The data from its byte order on; offsets in it count from there.</param>
    public static int OrientationOf(ReadOnlySpan<byte> tiff)
    {
        var isLittle = tiff.StartsWith("II*\0"u8);
        if (tiff.Length < 8 || (!isLittle && !tiff.StartsWith("MM\0*"u8)))
            return 1;
        var directory = Read32(tiff[4..], isLittle);
        if (directory > tiff.Length - 2)
            return 1;
        var entries = tiff[(int)directory..];
        int count = Read16(entries, isLittle);
        entries = entries[2..];
        for (; count > 0 && entries.Length >= EntryLength; count--, entries = entries[EntryLength..])
            if (Read16(entries, isLittle) == Orientation)
                return Read16(entries[2..], isLittle) == Short && Read32(entries[4..], isLittle) == 1
                    && Read16(entries[8..], isLittle) is >= 1 and <= 8 and var orientation ? orientation : 1;
        return 1;
    }

    /// <summary>
    /// Whether an orientation turns the image by a quarter: its width is then the height that is stored.
    /// </summary>
    public static bool SwapsSides(int orientation) => orientation >= 5;

    static ushort Read16(ReadOnlySpan<byte> at, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    static uint Read32(ReadOnlySpan<byte> at, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
