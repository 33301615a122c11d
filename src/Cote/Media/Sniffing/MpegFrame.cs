using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>The header of a frame of MPEG audio, layer III.</summary>
/// <param name="Length">In bytes, with the header.</param>
/// <param name="Samples">How many it becomes, of each channel.</param>
/// <param name="SideInfo">How many bytes stand between the header and the sound, or the mark of an index.</param>
readonly record struct MpegFrame(int Length, int Samples, int Hertz, int BitRate, int SideInfo)
{
    public const int HeaderLength = 4;

    static ReadOnlySpan<int> First => [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

    static ReadOnlySpan<int> Later => [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

    static ReadOnlySpan<int> Rates => [44_100, 48_000, 32_000];

    /// <summary>Null where none begins.</summary>
    public static MpegFrame? Read(ReadOnlySpan<byte> at)
    {
        if (at.Length < HeaderLength || at[0] != 0xFF || (at[1] & 0xE0) != 0xE0)
            return null;
        var (version, layer, rate, hertz) = ((at[1] >> 3) & 3, (at[1] >> 1) & 3, at[2] >> 4, (at[2] >> 2) & 3);
        if (version == 1 || layer != 1 || rate is 0 or 15 || hertz == 3)
            return null;
        var isFirst = version == 3;
        var sampling = Rates[hertz] >> (isFirst ? 0 : version == 2 ? 1 : 2);
        var bits = (isFirst ? First : Later)[rate] * 1_000;
        var isMono = at[3] >> 6 == 3;
        return new((isFirst ? 144 : 72) * bits / sampling + ((at[2] >> 1) & 1), isFirst ? 1_152 : 576, sampling, bits,
            isFirst ? isMono ? 17 : 32 : isMono ? 9 : 17);
    }

    /// <summary>
    /// How many frames follow one that holds an index in place of sound; 0 where it does not say; null for one of
    /// sound.
    /// </summary>
    /// <param name="frame">Its bytes, or as many as there are.</param>
    public static long? IndexedFrames(ReadOnlySpan<byte> frame, MpegFrame header)
    {
        var xing = HeaderLength + header.SideInfo;
        if (frame.Length >= xing + 12 && (frame[xing..].StartsWith("Xing"u8) || frame[xing..].StartsWith("Info"u8)))
            return (frame[xing + 7] & 1) != 0 ? ReadUInt32BigEndian(frame[(xing + 8)..]) : 0;
        const int vbri = HeaderLength + 32;
        return frame.Length >= vbri + 18 && frame[vbri..].StartsWith("VBRI"u8)
            ? ReadUInt32BigEndian(frame[(vbri + 14)..]) : null;
    }

    /// <summary>How many bytes of tags stand before the first frame: ID3 of version 2, which may repeat.</summary>
    public static long TagLength(ReadOnlySpan<byte> at) =>
        at.Length >= 10 && at.StartsWith("ID3"u8) && at[6..10].IndexOfAnyInRange((byte)0x80, (byte)0xFF) < 0
            ? 10 + ((at[6] << 21) | (at[7] << 14) | (at[8] << 7) | at[9]) + ((at[5] & 0x10) != 0 ? 10 : 0) : 0;
}
