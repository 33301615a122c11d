using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media.Reading;

/// <summary>Where the samples of a track stand in an MP4: by the movie's tables, and then by its fragments.</summary>
static class Mp4Samples
{
    const int MostBoxes = 262_144;
    const int Longest = 8_191 - AdtsFrame.HeaderLength;

    /// <summary>
    /// In order; what is not in the file, or too long for a frame, is left out. Tables that lie name the same bytes
    /// again and again: no more are given than the file has.
    /// </summary>
    public static IEnumerable<AudioPieces.Unit> Of(FileProbe probe, ReadOnlyMemory<byte> file, Mp4Track track)
    {
        long left = file.Length;
        foreach (var (from, length) in OfTables(file, track).Concat(OfFragments(probe, file, track)))
        {
            left -= Math.Clamp(length, 1, file.Length);
            if (left < 0)
                yield break;
            if (length is > 0 and <= Longest && from >= 0 && from <= file.Length - length)
                yield return new((int)from, (int)length);
        }
    }

    // Chunks stand anywhere (stco); a run of them has so many samples each (stsc); each sample has its length (stsz).
    static IEnumerable<(long From, long Length)> OfTables(ReadOnlyMemory<byte> file, Mp4Track track)
    {
        if (TableOf(file, track, "stsz", "stz2") is not var (sizes, sizeType)
            || TableOf(file, track, "stsc") is not var (runs, _)
            || TableOf(file, track, "stco", "co64") is not var (chunks, chunkType) || sizes.Length < 12)
            yield break;
        var (count, chunkCount, runCount) =
            (Number(sizes, 8), Number(chunks, 4), Math.Min(Number(runs, 4), (runs.Length - 8) / 12));
        var wide = chunkType == "co64" ? 8 : 4;
        var (sample, run) = (0L, 0L);
        for (var chunk = 0L; chunk < chunkCount && 8 + (chunk + 1) * wide <= chunks.Length && sample < count; chunk++)
        {
            while (run + 1 < runCount && Number(runs, 8 + (run + 1) * 12) <= chunk + 1)
                run++;
            var at = Number(chunks, 8 + chunk * wide, wide);
            for (var i = runCount > 0 ? Number(runs, 8 + run * 12 + 4) : 0; i > 0 && sample < count; i--, sample++)
            {
                if (SizeOf(sizes, sizeType, sample) is not { } size)
                    yield break;
                yield return (at, size);
                at += size;
            }
        }
    }

    static (ReadOnlyMemory<byte> Content, string Type)? TableOf(
        ReadOnlyMemory<byte> file, Mp4Track track, params string[] types)
    {
        foreach (var type in types)
            if (track.Tables.TryGetValue(type, out var box) && box.End - box.Start >= 8)
                return (file[(int)box.Start..(int)box.End], type);
        return null;
    }

    static long Number(ReadOnlyMemory<byte> table, long at, int length = 4) =>
        length == 8 ? ReadInt64BigEndian(table.Span[(int)at..]) : ReadUInt32BigEndian(table.Span[(int)at..]);

    static long? SizeOf(ReadOnlyMemory<byte> sizes, string type, long sample)
    {
        if (type == "stsz" && Number(sizes, 4) is > 0 and var all)
            return all;
        var bits = type == "stsz" ? 32 : sizes.Span[7];
        var at = 12 + sample * bits / 8;
        return at + Math.Max(1, bits / 8) > sizes.Length ? null : bits switch
        {
            32 => Number(sizes, at),
            16 => ReadUInt16BigEndian(sizes.Span[(int)at..]),
            8 => sizes.Span[(int)at],
            4 => (sizes.Span[(int)at] >> (sample % 2 == 0 ? 4 : 0)) & 15,
            _ => null,
        };
    }

    static IEnumerable<(long From, long Length)> OfFragments(
        FileProbe probe, ReadOnlyMemory<byte> file, Mp4Track track)
    {
        var boxes = new IsoBoxes(probe, MostBoxes);
        foreach (var fragment in boxes.Walk(0, probe.Length).Where(x => x.Type == "moof"))
            foreach (var part in boxes.Walk(fragment.Start, fragment.End).Where(x => x.Type == "traf"))
            {
                var (start, size, isOurs) = (0L, 0L, false);
                long? next = null;
                foreach (var box in boxes.Walk(part.Start, part.End))
                {
                    var content = file[(int)box.Start..(int)box.End];
                    if (box.Type == "tfhd" && content.Length >= 8)
                        (start, size, isOurs) = Defaults(content, fragment, track);
                    if (box.Type != "trun" || !isOurs || content.Length < 8)
                        continue;
                    foreach (var sample in OfRun(content, start, next, size))
                    {
                        yield return sample;
                        next = sample.From + sample.Length;
                    }
                }
            }
    }

    static (long From, long Size, bool IsOurs) Defaults(ReadOnlyMemory<byte> header, IsoBox fragment, Mp4Track track)
    {
        var (flags, at, from) = (header.Span[3], 8, fragment.Start - 8);
        if ((flags & 1) != 0 && header.Length >= at + 8)
            from = Number(header, at, 8);
        at += ((flags & 1) != 0 ? 8 : 0) + ((flags & 2) != 0 ? 4 : 0) + ((flags & 8) != 0 ? 4 : 0);
        var size = (flags & 0x10) != 0 && header.Length >= at + 4 ? Number(header, at) : track.SampleLength;
        return (from, size, Number(header, 4) == track.Id);
    }

    // Flags say which numbers stand once, and which for each sample: duration, size, flags, offset. A run without a
    // place of its own follows the one before.
    static IEnumerable<(long From, long Length)> OfRun(ReadOnlyMemory<byte> run, long start, long? next, long size)
    {
        var (once, each, count) = (run.Span[3], run.Span[2], Number(run, 4));
        var from = (once & 1) != 0 && run.Length >= 12 ? start + (int)Number(run, 8) : next ?? start;
        var at = 8 + ((once & 1) != 0 ? 4 : 0) + ((once & 4) != 0 ? 4 : 0);
        var step = 4 * System.Numerics.BitOperations.PopCount((uint)each & 15);
        var inStep = (each & 1) != 0 ? 4 : 0;
        count = step > 0 ? Math.Min(count, (run.Length - at) / step) : count;
        for (; count > 0; count--, at += step)
        {
            var length = (each & 2) != 0 ? Number(run, at + inStep) : size;
            yield return (from, length);
            from += length;
        }
    }
}
