namespace Cote.Media.Reading;

/// <summary>
/// Pieces of the first AAC of an MP4: its samples with a header each (ADTS), since a piece of an MP4 would need tables
/// of its own.
/// </summary>
static class Mp4Pieces
{
    public static IEnumerable<AudioPiece> Split(ReadOnlyMemory<byte> file, int maxBytes)
    {
        using var probe = AudioPieces.Probe(file);
        // Other codecs have no frames that stand alone.
        var track = Mp4Track.Find(probe) ?? throw new UnreadableException(UnreadableException.TooLarge);
        var samples = Mp4Samples.Of(probe, file, track);
        var enough = AudioPieces.Share(samples.Sum(x => (long)x.Length + AdtsFrame.HeaderLength), maxBytes);
        var piece = new MemoryStream();
        foreach (var (from, length) in samples)
        {
            var whole = AdtsFrame.HeaderLength + length;
            if (whole > maxBytes)
                throw new UnreadableException(UnreadableException.TooLarge);
            if (piece.Length > 0 && (piece.Length >= enough || piece.Length + whole > maxBytes))
            {
                yield return new(piece.ToArray(), "audio/aac");
                piece.SetLength(0);
            }
            piece.Write(HeaderOf(track, whole));
            piece.Write(file.Span.Slice(from, length));
        }
        if (piece.Length == 0)
            throw new UnreadableException(UnreadableException.Damaged);
        yield return new(piece.ToArray(), "audio/aac");
    }

    static byte[] HeaderOf(Mp4Track track, int length) =>
    [
        0xFF, 0xF1, (byte)((track.Profile << 6) | (track.Rate << 2) | (track.Channels >> 2)),
        (byte)((track.Channels << 6) | (length >> 11)), (byte)(length >> 3), (byte)((length << 5) | 0x1F), 0xFC,
    ];
}
