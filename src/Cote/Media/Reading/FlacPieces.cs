namespace Cote.Media.Reading;

/// <summary>
/// Pieces of a FLAC (RFC 9639): the description of the stream, without its number of samples and its checksum, and
/// frames.
/// </summary>
static class FlacPieces
{
    const int DescriptionLength = 4 + 4 + 34;
    const int LongestHeader = 16;

    public static IEnumerable<AudioPiece> Split(ReadOnlyMemory<byte> file, int maxBytes)
    {
        if (file.Length < DescriptionLength || !file.Span.StartsWith("fLaC"u8) || (file.Span[4] & 0x7F) != 0)
            throw new UnreadableException(UnreadableException.Damaged);
        var head = file[..DescriptionLength].ToArray();
        head[4] = 0x80; // the last block before the frames
        head[8 + 13] &= 0xF0;
        head.AsSpan(8 + 14).Clear();
        return AudioPieces.Pack(file, head, Frames(file), maxBytes, "audio/flac");
    }

    // A frame begins with 15 bits of its own, a checksum of its header, and the number that follows the one before.
    static IEnumerable<AudioPieces.Unit> Frames(ReadOnlyMemory<byte> file)
    {
        var from = SoundStart(file.Span);
        var last = HeaderAt(file.Span, from) ?? throw new UnreadableException(UnreadableException.Damaged);
        for (var at = from + LongestHeader; (at = NextSync(file.Span, at)) >= 0; at++)
        {
            if (HeaderAt(file.Span, at) is not { } header || header.IsVariable != last.IsVariable
                || (header.IsVariable ? header.Number != last.Number + last.Samples
                    : header.Number != last.Number + 1))
                continue;
            yield return new(from, at - from);
            (from, last) = (at, header);
            at += LongestHeader;
        }
        yield return new(from, file.Length - from);
    }

    static int SoundStart(ReadOnlySpan<byte> file)
    {
        var (at, isLast) = (4, false);
        while (!isLast && at + 4 <= file.Length)
        {
            isLast = (file[at] & 0x80) != 0;
            at += 4 + ((file[at + 1] << 16) | (file[at + 2] << 8) | file[at + 3]);
        }
        return Math.Min(at, file.Length);
    }

    static int NextSync(ReadOnlySpan<byte> file, int at)
    {
        while (at < file.Length && file[at..].IndexOf((byte)0xFF) is >= 0 and var next)
        {
            at += next;
            if (at + 1 < file.Length && (file[at + 1] & 0xFE) == 0xF8)
                return at;
            at++;
        }
        return -1;
    }

    readonly record struct Header(bool IsVariable, long Number, int Samples);

    static Header? HeaderAt(ReadOnlySpan<byte> file, int from)
    {
        var at = file[from..Math.Min(file.Length, from + LongestHeader)];
        if (at.Length < 6 || at[0] != 0xFF || (at[1] & 0xFE) != 0xF8 || NumberIn(at[4..]) is not var (number, length))
            return null;
        var (block, rate) = (at[2] >> 4, at[2] & 15);
        var end = 4 + length + (block == 6 ? 1 : block == 7 ? 2 : 0) + (rate == 12 ? 1 : rate is 13 or 14 ? 2 : 0);
        if (block == 0 || rate == 15 || end >= at.Length || Checksum(at[..end]) != at[end])
            return null;
        var samples = block switch
        {
            1 => 192,
            <= 5 => 144 << block,
            6 => at[4 + length] + 1,
            7 => ((at[4 + length] << 8) | at[5 + length]) + 1,
            _ => 1 << block,
        };
        return new((at[1] & 1) != 0, number, samples);
    }

    // A number of up to 36 bits, written as UTF-8 writes a character.
    static (long Number, int Length)? NumberIn(ReadOnlySpan<byte> at)
    {
        var length = System.Numerics.BitOperations.LeadingZeroCount((uint)(byte)~at[0]) - 24;
        if (length == 0)
            return (at[0], 1);
        if (length is 1 or 8 || at.Length < length)
            return null;
        long number = length == 7 ? 0 : at[0] & (0x7F >> length);
        foreach (var part in at[1..length])
        {
            if ((part & 0xC0) != 0x80)
                return null;
            number = (number << 6) | (uint)(part & 0x3F);
        }
        return (number, length);
    }

    // CRC-8 of the polynomial 0x07, from 0.
    static byte Checksum(ReadOnlySpan<byte> header)
    {
        var sum = 0;
        foreach (var part in header)
        {
            sum ^= part;
            for (var i = 0; i < 8; i++)
                sum = (sum << 1) ^ ((sum & 0x80) != 0 ? 0x107 : 0);
        }
        return (byte)sum;
    }
}
