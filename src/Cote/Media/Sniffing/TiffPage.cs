using System.Buffers.Binary;

namespace Cote.Media;

/// <summary>The first page of a TIFF: its size and orientation, and where it names the next.</summary>
static class TiffPage
{
    const int EntryLength = 12;
    const int MostEntries = 4_096;
    const ushort WidthTag = 256, HeightTag = 257, OrientationTag = 274;
    const ushort Byte = 1, Short = 3, Long = 4;

    /// <summary>Null where the first directory does not say a size.</summary>
    public static (long Width, long Height, int Orientation)? Read(FileProbe file)
    {
        var isLittle = file.Head.StartsWith("II"u8);
        if (file.At(0, 8) is not { Length: 8 } header)
            return null;
        var directory = Read32(header.AsSpan(4), isLittle);
        if (file.At(directory, 2) is not { Length: 2 } count)
            return null;
        ReadOnlySpan<byte> entries =
            file.At(directory + 2L, EntryLength * Math.Min((int)Read16(count, isLittle), MostEntries));
        var (width, height, orientation) = (0L, 0L, 1L);
        for (; entries.Length >= EntryLength; entries = entries[EntryLength..])
            switch (Read16(entries, isLittle))
            {
                case WidthTag:
                    width = ValueOf(entries, isLittle);
                    break;
                case HeightTag:
                    height = ValueOf(entries, isLittle);
                    break;
                case OrientationTag:
                    orientation = ValueOf(entries, isLittle);
                    break;
            }
        return width > 0 && height > 0 ? (width, height, orientation is >= 1 and <= 8 ? (int)orientation : 1) : null;
    }

    /// <summary>Where the first directory says where the next one stands; null where it does not.</summary>
    public static long? NextAt(FileProbe file)
    {
        var isLittle = file.Head.StartsWith("II"u8);
        if (file.At(0, 8) is not { Length: 8 } header)
            return null;
        var directory = Read32(header.AsSpan(4), isLittle);
        if (file.At(directory, 2) is not { Length: 2 } count)
            return null;
        var next = directory + 2L + EntryLength * Read16(count, isLittle);
        return next + 4 <= file.Length ? next : null;
    }

    // One number; 0 for anything else.
    static long ValueOf(ReadOnlySpan<byte> entry, bool isLittle) =>
        Read32(entry[4..], isLittle) != 1 ? 0 : Read16(entry[2..], isLittle) switch
        {
            Byte => entry[8],
            Short => Read16(entry[8..], isLittle),
            Long => Read32(entry[8..], isLittle),
            _ => 0,
        };

    static ushort Read16(ReadOnlySpan<byte> at, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    static uint Read32(ReadOnlySpan<byte> at, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
