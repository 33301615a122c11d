using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>
/// How long a WebM or Matroska lasts: what its description says, or, of a recording that could not go back to write
/// it there, the time of the last block.
/// </summary>
static class MatroskaLength
{
    const int MostElements = 256;
    const int MostTails = 64;
    const int TailLength = 256 * 1024;
    const int MostBlocks = 20_000;
    const int MostClusters = 8; // one that was cut before its first block says nothing

    /// <summary>Null where neither is found.</summary>
    public static double? Read(FileProbe file)
    {
        var (scale, ticks) = (1_000_000UL, (double?)null);
        long at = 0;
        for (var i = 0; i < MostElements && EbmlElement.Read(file.At(at, EbmlElement.LongestHead)) is { } element; i++)
        {
            at += element.HeadLength;
            if (element.Id == EbmlElement.Segment)
                continue; // its elements follow
            if (element.Id == EbmlElement.Cluster || element.Length is not { } length)
                break;
            if (element.Id == EbmlElement.Info)
                (scale, ticks) = ReadInfo(file, at, at + length);
            if (length > file.Length - at)
                break;
            at += length;
        }
        return (ticks ?? LastBlock(file)) * scale / 1e9;
    }

    static (ulong Scale, double? Ticks) ReadInfo(FileProbe file, long at, long end)
    {
        var (scale, ticks) = (1_000_000UL, (double?)null);
        for (var i = 0; i < MostElements && at < end; i++)
        {
            if (EbmlElement.Read(file.At(at, EbmlElement.LongestHead)) is not { Length: { } length } element)
                break;
            at += element.HeadLength;
            var content = file.At(at, 8).AsSpan(0, (int)Math.Min(length, Math.Clamp(file.Length - at, 0, 8)));
            if (element.Id == EbmlElement.Scale && EbmlElement.Number(content) is > 0 and var given)
                scale = given;
            if (element.Id == EbmlElement.Duration)
                ticks = content.Length switch
                {
                    4 => ReadSingleBigEndian(content),
                    8 => ReadDoubleBigEndian(content),
                    _ => null,
                };
            if (length > end - at)
                break;
            at += length;
        }
        return (scale, ticks is > 0 ? ticks : null);
    }

    // The last cluster is looked for from the end: that it begins with its time makes chance unlikely.
    static double? LastBlock(FileProbe file)
    {
        var left = MostClusters;
        for (var i = 1; i <= MostTails; i++)
        {
            var from = Math.Max(0, file.Length - (long)i * TailLength);
            ReadOnlySpan<byte> tail = file.At(from, TailLength + 2 * EbmlElement.LongestHead);
            while (tail.LastIndexOf((ReadOnlySpan<byte>)[0x1F, 0x43, 0xB6, 0x75]) is >= 0 and var start)
            {
                if (EbmlElement.Read(tail[start..]) is { } cluster
                    && EbmlElement.Read(tail[(start + cluster.HeadLength)..]) is { Id: EbmlElement.Time }
                    && left-- > 0 && EndOfCluster(file, from + start + cluster.HeadLength) is { } end)
                    return end;
                tail = tail[..start];
            }
            if (from == 0)
                break;
        }
        return null;
    }

    // A block lasts as long as the one before it, where it does not say so itself.
    static double? EndOfCluster(FileProbe file, long at)
    {
        var (time, last, step) = (0UL, (double?)null, 0.0);
        for (var i = 0; i < MostBlocks; i++)
        {
            ReadOnlySpan<byte> bytes = file.At(at, 2 * EbmlElement.LongestHead);
            if (EbmlElement.Read(bytes) is not { } element || element.IsTop)
                break;
            at += element.HeadLength;
            bytes = bytes[element.HeadLength..];
            if (element.Id == EbmlElement.BlockGroup)
                continue; // its elements follow
            if (element.Length is not { } length)
                break;
            var content = bytes[..(int)Math.Min(length, bytes.Length)];
            if (element.Id == EbmlElement.Time)
                time = EbmlElement.Number(content);
            else if (element.Id is EbmlElement.SimpleBlock or EbmlElement.Block && TimeIn(content) is { } within)
            {
                var now = time + within;
                step = last is { } before && now > before ? now - before : step;
                last = Math.Max(last ?? 0, now);
            }
            else if (element.Id == EbmlElement.BlockDuration)
                step = EbmlElement.Number(content);
            if (length > file.Length - at)
                break;
            at += length;
        }
        return last + step;
    }

    // The number of the track, and the time since the cluster's.
    static double? TimeIn(ReadOnlySpan<byte> block)
    {
        var track = block.Length == 0 ? 0
            : System.Numerics.BitOperations.LeadingZeroCount((uint)block[0]) - 24 + 1;
        return track > 0 && block.Length >= track + 2 ? ReadInt16BigEndian(block[track..]) : null;
    }
}
