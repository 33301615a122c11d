namespace Cote.Media;

/// <summary>How long an Ogg lasts: the position of the last page of each stream that begins the file.</summary>
static class OggLength
{
    const int MostStreams = 16;
    const int TailLength = 64 * 1024;
    const int MostTails = 16;

    /// <summary>Null where the last pages belong to no stream of the beginning.</summary>
    public static double? Read(FileProbe file)
    {
        var streams = StreamsOf(file);
        if (streams.Count == 0)
            return null;
        double? longest = null;
        for (var i = 1; i <= MostTails && longest is null; i++)
        {
            var from = file.Length - (long)i * TailLength;
            // Pages are longer than their piece of the tail by what the header takes.
            var tail = file.At(Math.Max(0, from), TailLength + OggPage.LongestHeader);
            longest = LastIn(tail, streams);
            if (from <= 0)
                break;
        }
        return longest;
    }

    static Dictionary<uint, OggStream> StreamsOf(FileProbe file)
    {
        var streams = new Dictionary<uint, OggStream>();
        long at = 0;
        for (var i = 0; i < MostStreams; i++)
        {
            var bytes = file.At(at, OggPage.LongestHeader + 256);
            if (OggPage.Read(bytes) is not { IsFirst: true } page)
                break;
            if (OggStream.Read(bytes.AsSpan(page.HeaderLength)) is { } stream)
                streams[page.Serial] = stream;
            at += page.Length;
        }
        return streams;
    }

    // Four letters may be chance: a page of a known stream, which ends a packet, is hardly.
    static double? LastIn(ReadOnlySpan<byte> tail, Dictionary<uint, OggStream> streams)
    {
        double? longest = null;
        while (tail.IndexOf("OggS\0"u8) is >= 0 and var next)
        {
            tail = tail[next..];
            if (OggPage.Read(tail) is { Position: >= 0 } page && streams.TryGetValue(page.Serial, out var stream)
                && stream.SecondsAt(page.Position) is { } seconds)
                longest = Math.Max(longest ?? 0, seconds);
            tail = tail[4..];
        }
        return longest;
    }
}
