using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media.Reading;

/// <summary>
/// Pieces of the first stream of sound in an Ogg: the pages of its headers, and pages of sound. A piece begins where a
/// packet does; its pages are numbered anew, so that a decoder misses none.
/// </summary>
static class OggPieces
{
    public static IEnumerable<AudioPiece> Split(ReadOnlyMemory<byte> file, int maxBytes)
    {
        var pages = Pages(file.Span, out var headers);
        byte[] head = [.. pages[..headers].SelectMany(x => file.Slice(x.From, x.Length).ToArray())];
        foreach (var piece in AudioPieces.Pack(file, head, Units(pages[headers..]), maxBytes, "audio/ogg"))
        {
            Number(piece.Bytes);
            yield return piece;
        }
    }

    readonly record struct Place(int From, int Length, bool IsContinued);

    static List<Place> Pages(ReadOnlySpan<byte> file, out int headers)
    {
        var (pages, sound, packets) = (new List<Place>(), (uint?)null, 0);
        headers = 0;
        for (var at = 0; at < file.Length;)
        {
            if (OggPage.Read(file[at..Math.Min(file.Length, at + OggPage.LongestHeader)]) is not { } page
                || page.Length > file.Length - at)
            {
                var next = file[(at + 1)..].IndexOf("OggS\0"u8);
                at = next < 0 ? file.Length : at + 1 + next;
                continue;
            }
            if (page.IsFirst && sound is not null && packets <= 0 && pages.Count > headers)
                throw new UnreadableException(UnreadableException.TooLarge); // streams one after the other
            if (page.IsFirst && sound is null
                && OggStream.Read(file[(at + page.HeaderLength)..]) is { IsSound: true } stream)
                (sound, packets) = (page.Serial, stream.Headers);
            if (page.Serial == sound)
            {
                pages.Add(new(at, page.Length, page.IsContinued));
                headers += packets > 0 ? 1 : 0;
                packets -= page.Packets;
            }
            at += page.Length;
        }
        return pages.Count > headers ? pages : throw new UnreadableException(UnreadableException.Damaged);
    }

    // Pages that share a packet, and what lies between them of other streams, which is not copied.
    static IEnumerable<AudioPieces.Unit> Units(List<Place> pages)
    {
        for (var i = 0; i < pages.Count; i++)
        {
            var (from, length) = (pages[i].From, pages[i].Length);
            while (i + 1 < pages.Count && pages[i + 1].IsContinued && pages[i + 1].From == from + length)
                length += pages[++i].Length;
            yield return new(from, length);
        }
    }

    static void Number(Span<byte> piece)
    {
        for (uint number = 0; OggPage.Read(piece) is { } page && page.Length <= piece.Length; number++)
        {
            var bytes = piece[..page.Length];
            WriteUInt32LittleEndian(bytes[18..], number);
            WriteUInt32LittleEndian(bytes[22..], 0);
            WriteUInt32LittleEndian(bytes[22..], OggChecksum.Of(bytes));
            piece = piece[page.Length..];
        }
    }
}

/// <summary>The checksum of a page of Ogg: CRC-32 of the polynomial 0x04C11DB7, not reflected, from 0.</summary>
static class OggChecksum
{
    static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(x => Row((uint)x << 24))];

    public static uint Of(ReadOnlySpan<byte> page)
    {
        uint sum = 0;
        foreach (var part in page)
            sum = (sum << 8) ^ Table[(sum >> 24) ^ part];
        return sum;
    }

    static uint Row(uint value)
    {
        for (var i = 0; i < 8; i++)
            value = (value << 1) ^ ((value & 0x80000000) != 0 ? 0x04C11DB7u : 0);
        return value;
    }
}
