using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>A box of ISO base media (ISO/IEC 14496-12): its type, and where its content begins and ends.</summary>
readonly record struct IsoBox(string Type, long Start, long End);

/// <summary>
/// Walks the boxes of one file. All walks share one budget, so that a hostile file of millions of boxes costs no more
/// reads than an honest one.
/// </summary>
sealed class IsoBoxes(FileProbe file, int mostBoxes = IsoBoxes.MostBoxes)
{
    public const int MostBoxes = 4_096;
    const int HeaderLength = 8;
    const int LargeHeaderLength = 16;

    int _left = mostBoxes;

    /// <summary>
    /// The boxes between two offsets, in order. A box that claims more than there is ends where its parent ends; a box
    /// that is smaller than its own header ends the walk.
    /// </summary>
    public IEnumerable<IsoBox> Walk(long from, long to)
    {
        for (var at = from; to - at >= HeaderLength && _left-- > 0;)
        {
            var header = file.At(at, LargeHeaderLength);
            if (HeaderOf(header, to - at) is not var (start, size))
                yield break;
            yield return new(Encoding.Latin1.GetString(header, 4, 4), at + start, at + size);
            at += size;
        }
    }

    // A size of 0 reaches to the end of the parent; a size of 1 stands in 64 bits behind the type.
    static (int Start, long Size)? HeaderOf(ReadOnlySpan<byte> header, long room)
    {
        if (header.Length < HeaderLength)
            return null;
        switch (ReadUInt32BigEndian(header))
        {
            case 0:
                return (HeaderLength, room);
            case 1 when header.Length == LargeHeaderLength
                && ReadUInt64BigEndian(header[HeaderLength..]) is >= LargeHeaderLength and var large:
                return (LargeHeaderLength, large < (ulong)room ? (long)large : room);
            case >= HeaderLength and var size:
                return (HeaderLength, Math.Min(size, room));
            default:
                return null;
        }
    }
}
