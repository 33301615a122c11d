using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>
/// How long sound and films last, by a bounded number of small reads. What a hostile file says is as good as what an
/// honest one says: it is a number for who listens, and nothing is allotted by it.
/// </summary>
static class SoundLength
{
    const double Longest = 10_000_000; // four months

    /// <summary>In seconds; null where the file does not say it.</summary>
    public static double? Read(FileProbe file, string contentType)
    {
        var seconds = contentType switch
        {
            "audio/wav" => WavLength.Read(file),
            "audio/mpeg" => FramesLength.OfMpeg(file),
            "audio/aac" => FramesLength.OfAdts(file),
            "audio/flac" => FlacLength(file.Head),
            "audio/ogg" or "video/ogg" => OggLength.Read(file),
            "audio/mp4" or "video/mp4" or "video/quicktime" => IsoLength.Read(file),
            "audio/webm" or "video/webm" or "video/x-matroska" => MatroskaLength.Read(file),
            _ => null,
        };
        return seconds is >= 0 and <= Longest ? seconds : null;
    }

    // The first block is the description: 20 bits of the rate, 8 of others, 36 of the number of samples.
    static double? FlacLength(ReadOnlySpan<byte> head)
    {
        if (head.Length < 26 || (head[4] & 0x7F) != 0)
            return null;
        var hertz = (head[18] << 12) | (head[19] << 4) | (head[20] >> 4);
        var samples = ((long)(head[21] & 15) << 32) | ReadUInt32BigEndian(head[22..]);
        return hertz > 0 && samples > 0 ? samples / (double)hertz : null;
    }
}
