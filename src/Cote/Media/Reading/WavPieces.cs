using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media.Reading;

/// <summary>Pieces of a WAV: cut between samples, each with a header of its own.</summary>
static class WavPieces
{
    public static IEnumerable<AudioPiece> Split(ReadOnlyMemory<byte> file, int maxBytes)
    {
        using var probe = AudioPieces.Probe(file);
        if (WavLayout.Read(probe) is not { } layout)
            throw new UnreadableException(UnreadableException.Damaged);
        var align = Math.Max(1, (int)ReadUInt16LittleEndian(layout.Format.AsSpan(12)));
        var headLength = 12 + 8 + layout.Format.Length + (layout.Format.Length & 1) + 8;
        var room = AudioPieces.Share(layout.Length, (maxBytes - headLength) / align * align) / align * align + align;
        room = Math.Min(room, (maxBytes - headLength) / align * align);
        return Pieces();

        IEnumerable<AudioPiece> Pieces()
        {
            for (var at = layout.Start; at < layout.Start + layout.Length; at += room)
            {
                var length = (int)Math.Min(room, layout.Start + layout.Length - at);
                byte[] piece =
                    [.. Head(layout.Format, headLength, length), .. file.Span.Slice((int)at, length)];
                yield return new(piece, "audio/wav");
            }
        }
    }

    static byte[] Head(byte[] format, int headLength, int length)
    {
        var head = new byte[headLength];
        "RIFF"u8.CopyTo(head);
        WriteInt32LittleEndian(head.AsSpan(4), headLength - 8 + length);
        "WAVEfmt "u8.CopyTo(head.AsSpan(8));
        WriteInt32LittleEndian(head.AsSpan(16), format.Length);
        format.CopyTo(head, 20);
        "data"u8.CopyTo(head.AsSpan(headLength - 8));
        WriteInt32LittleEndian(head.AsSpan(headLength - 4), length);
        return head;
    }
}
