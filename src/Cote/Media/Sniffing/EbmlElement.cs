namespace Cote.Media;

/// <summary>The head of an element of EBML (RFC 8794), of which Matroska and WebM are made.</summary>
/// <param name="Id">With its mark of length, as it is written in the format's tables.</param>
/// <param name="HeadLength">Of id and size, in bytes.</param>
/// <param name="Length">Of the content; null where the writer did not know it.</param>
readonly record struct EbmlElement(uint Id, int HeadLength, long? Length)
{
    public const int LongestHead = 12;

    public const uint Header = 0x1A45DFA3, Segment = 0x18538067, Info = 0x1549A966, Scale = 0x2AD7B1, Duration = 0x4489,
        Tracks = 0x1654AE6B, Cluster = 0x1F43B675, Time = 0xE7, SimpleBlock = 0xA3, BlockGroup = 0xA0, Block = 0xA1,
        BlockDuration = 0x9B, SeekHead = 0x114D9B74, Cues = 0x1C53BB6B, Tags = 0x1254C367, Chapters = 0x1043A770,
        Attachments = 0x1941A469, Void = 0xEC;

    /// <summary>Whether it stands beside clusters, so that it ends one whose length is not known.</summary>
    public bool IsTop => Id is Segment or Info or Tracks or Cluster or SeekHead or Cues or Tags or Chapters
        or Attachments or Header;

    /// <summary>Null where none begins.</summary>
    public static EbmlElement? Read(ReadOnlySpan<byte> at)
    {
        if (at.Length < 2 || LengthOf(at[0]) is not (<= 4 and var idLength) || at.Length <= idLength)
            return null;
        uint id = 0;
        foreach (var part in at[..idLength])
            id = (id << 8) | part;
        at = at[idLength..];
        var length = LengthOf(at[0]);
        if (length > 8 || at.Length < length)
            return null;
        long size = at[0] & (0xFF >> length);
        foreach (var part in at[1..length])
            size = (size << 8) | part;
        return new(id, idLength + length, size == (1L << (7 * length)) - 1 ? null : size);
    }

    /// <summary>A whole number of up to eight bytes.</summary>
    public static ulong Number(ReadOnlySpan<byte> content)
    {
        ulong number = 0;
        foreach (var part in content[..Math.Min(8, content.Length)])
            number = (number << 8) | part;
        return number;
    }

    static int LengthOf(byte first) => System.Numerics.BitOperations.LeadingZeroCount((uint)first) - 24 + 1;
}
