namespace Cote.Media;

/// <summary>How long a file lasts that is frames in a row, and no more than an index at its front.</summary>
static class FramesLength
{
    const int MostReads = 256; // 16 MB
    const int MostTags = 16;
    const int MostJunk = 65_536;
    const int LongestHeader = 256;
    const int Id3OfVersion1 = 128;

    delegate (int Length, double Seconds)? Header(ReadOnlySpan<byte> at);

    public static double? OfMpeg(FileProbe file)
    {
        long start = 0;
        for (var i = 0; i < MostTags && MpegFrame.TagLength(file.At(start, 10)) is > 0 and var tag; i++)
            start += tag;
        var end = file.At(file.Length - Id3OfVersion1, 3).AsSpan().SequenceEqual("TAG"u8)
            ? file.Length - Id3OfVersion1 : file.Length;
        var window = new ProbeWindow(file, MostReads);
        if (FirstFrame(window, start, OfMpegFrame) is not { } first
            || MpegFrame.Read(file.At(first, MpegFrame.HeaderLength)) is not { } header)
            return null;
        return MpegFrame.IndexedFrames(file.At(first, LongestHeader), header) switch
        {
            null => Walk(window, first, end, OfMpegFrame),
            0 => Walk(window, first + header.Length, end, OfMpegFrame),
            { } frames => frames * (double)header.Samples / header.Hertz,
        };
    }

    public static double? OfAdts(FileProbe file)
    {
        long start = 0;
        for (var i = 0; i < MostTags && MpegFrame.TagLength(file.At(start, 10)) is > 0 and var tag; i++)
            start += tag;
        var window = new ProbeWindow(file, MostReads);
        return FirstFrame(window, start, OfAdtsFrame) is { } first
            ? Walk(window, first, file.Length, OfAdtsFrame) : null;
    }

    static (int, double)? OfMpegFrame(ReadOnlySpan<byte> at) =>
        MpegFrame.Read(at) is { } frame ? (frame.Length, frame.Samples / (double)frame.Hertz) : null;

    static (int, double)? OfAdtsFrame(ReadOnlySpan<byte> at) =>
        AdtsFrame.Read(at) is { } frame ? (frame.Length, frame.Samples / (double)frame.Hertz) : null;

    // One header may be chance: the next must stand where it says, or the file end there.
    static long? FirstFrame(ProbeWindow window, long start, Header header)
    {
        for (var at = start; at < start + MostJunk; at++)
        {
            var bytes = window.At(at, AdtsFrame.HeaderLength);
            if (bytes.Length == 0)
                return null;
            if (bytes[0] == 0xFF && header(bytes) is var (length, _)
                && window.At(at + length, AdtsFrame.HeaderLength) is var next
                && (next.Length == 0 || header(next) is not null))
                return at;
        }
        return null;
    }

    // What the reads do not reach lasts as long for its bytes as what they do.
    static double? Walk(ProbeWindow window, long start, long end, Header header)
    {
        var (at, seconds, sound) = (start, 0.0, 0L);
        while (at < end && window.At(at, AdtsFrame.HeaderLength) is { Length: > 0 } bytes)
        {
            if (header(bytes) is not var (length, time))
            {
                if (FirstFrame(window, at + 1, header) is not { } next)
                    break;
                at = next;
                continue;
            }
            at += length;
            sound += length;
            seconds += time;
        }
        if (sound == 0)
            return null;
        var isWhole = at >= end || !window.IsUsedUp;
        return isWhole ? seconds : seconds * (end - start) / (at - start);
    }
}
