using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>The header of a page of Ogg (RFC 3533).</summary>
/// <param name="Position">In units of its stream, or -1 where no packet ends on this page.</param>
/// <param name="HeaderLength">With the table of segments.</param>
/// <param name="Length">With header and content.</param>
/// <param name="Packets">How many packets end here.</param>
readonly record struct OggPage(
    bool IsContinued, bool IsFirst, long Position, uint Serial, int HeaderLength, int Length, int Packets)
{
    public const int LongestHeader = 27 + 255;
    public const int Longest = LongestHeader + 255 * 255;

    /// <summary>Null where none begins.</summary>
    public static OggPage? Read(ReadOnlySpan<byte> at)
    {
        if (at.Length < 27 || !at.StartsWith("OggS\0"u8) || at.Length < 27 + at[26])
            return null;
        var (content, packets) = (0, 0);
        foreach (var segment in at.Slice(27, at[26]))
        {
            content += segment;
            packets += segment < 255 ? 1 : 0;
        }
        var header = 27 + at[26];
        return new((at[5] & 1) != 0, (at[5] & 2) != 0, ReadInt64LittleEndian(at[6..]), ReadUInt32LittleEndian(at[14..]),
            header, header + content, packets);
    }
}

/// <summary>What the first packet of a stream in Ogg says about it.</summary>
/// <param name="Headers">How many packets stand before the sound.</param>
/// <param name="Skip">How many units at the beginning are not heard.</param>
/// <param name="Shift">Of Theora: how many bits of a position count frames since the last whole picture.</param>
readonly record struct OggStream(bool IsSound, double UnitsPerSecond, int Headers, int Skip = 0, int Shift = 0)
{
    /// <summary>Null for a stream that is not known.</summary>
    public static OggStream? Read(ReadOnlySpan<byte> packet)
    {
        if (packet.Length >= 19 && packet.StartsWith("OpusHead"u8))
            return new(true, 48_000, 2, ReadUInt16LittleEndian(packet[10..]));
        if (packet.Length >= 16 && packet.StartsWith("\u0001vorbis"u8))
            return new(true, ReadUInt32LittleEndian(packet[12..]), 3);
        if (packet.Length >= 80 && packet.StartsWith("Speex   "u8))
            return new(true, ReadUInt32LittleEndian(packet[36..]), 2);
        if (packet.Length >= 34 && packet[0] == 0x7F && packet[1..].StartsWith("FLAC"u8))
            return new(true, ((packet[27] << 16) | (packet[28] << 8) | packet[29]) >> 4,
                1 + ReadUInt16BigEndian(packet[7..]));
        if (packet.Length >= 42 && packet[0] == 0x80 && packet[1..].StartsWith("theora"u8)
            && ReadUInt32BigEndian(packet[26..]) is > 0 and var under)
            return new(false, ReadUInt32BigEndian(packet[22..]) / (double)under, 3,
                Shift: ((packet[40] & 3) << 3) | (packet[41] >> 5));
        return null;
    }

    /// <summary>When what ends at a position has been heard or seen.</summary>
    public double? SecondsAt(long position)
    {
        var units = Shift > 0 ? (position >> Shift) + (position & ((1L << Shift) - 1)) : position - Skip;
        return UnitsPerSecond > 0 ? Math.Max(0, units / UnitsPerSecond) : null;
    }
}
