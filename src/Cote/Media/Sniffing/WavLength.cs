using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>The parts of a WAV that say how its sound lies, and where.</summary>
/// <param name="Format">The content of the chunk <c>fmt</c>.</param>
/// <param name="Start">Where the sound begins.</param>
/// <param name="Length">How many bytes of it there are.</param>
sealed record WavLayout(byte[] Format, long Start, long Length)
{
    const int MostChunks = 1_000;
    const int LongestFormat = 1_024;

    /// <summary>Null where no sound is found.</summary>
    public static WavLayout? Read(FileProbe file)
    {
        byte[]? format = null;
        long at = 12;
        for (var i = 0; i < MostChunks && file.At(at, 8) is { Length: 8 } header; i++)
        {
            long length = ReadUInt32LittleEndian(header.AsSpan(4)), start = at + 8;
            if (header.AsSpan().StartsWith("fmt "u8))
                format = file.At(start, (int)Math.Min(length, LongestFormat));
            if (header.AsSpan().StartsWith("data"u8))
                return format is { Length: >= 16 }
                    ? new(format, start, LengthOf(length, file.Length - start)) : null;
            at = start + length + (length & 1);
        }
        return null;
    }

    // A recorder that cannot go back to the beginning leaves 0 there, or all ones.
    static long LengthOf(long said, long there) => said == 0 || said > there ? there : said;
}

/// <summary>How long a WAV lasts.</summary>
static class WavLength
{
    public static double? Read(FileProbe file) =>
        WavLayout.Read(file) is { } layout && ReadUInt32LittleEndian(layout.Format.AsSpan(8)) is > 0 and var rate
            ? layout.Length / (double)rate : null;
}
