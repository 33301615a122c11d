namespace Cote.Media.Reading;

/// <summary>Pieces of MP3 and ADTS: cut between frames, without tags and indexes.</summary>
static class FramePieces
{
    const int LongestHeader = 256;

    public static IEnumerable<AudioPiece> OfMpeg(ReadOnlyMemory<byte> file, int maxBytes) =>
        AudioPieces.Pack(file, [], Frames(file, at => MpegFrame.Read(at)?.Length, IsIndex), maxBytes, "audio/mpeg");

    public static IEnumerable<AudioPiece> OfAdts(ReadOnlyMemory<byte> file, int maxBytes) =>
        AudioPieces.Pack(file, [], Frames(file, at => AdtsFrame.Read(at)?.Length, _ => false), maxBytes, "audio/aac");

    delegate int? LengthOf(ReadOnlySpan<byte> at);

    delegate bool Check(ReadOnlySpan<byte> frame);

    // The index counts the frames of the whole, and would be wrong in each piece.
    static bool IsIndex(ReadOnlySpan<byte> frame) =>
        MpegFrame.Read(frame) is { } header
        && MpegFrame.IndexedFrames(frame[..Math.Min(frame.Length, LongestHeader)], header) is not null;

    static IEnumerable<AudioPieces.Unit> Frames(ReadOnlyMemory<byte> file, LengthOf lengthOf, Check isLeftOut)
    {
        var (at, isFirst, isInStep) = (0, true, false);
        while (at < file.Length)
        {
            if (MpegFrame.TagLength(file.Span[at..]) is > 0 and var tag)
                (at, isInStep) = ((int)Math.Min(file.Length, at + tag), false);
            else if (LengthAt(file.Span, at, lengthOf, isInStep) is { } length)
            {
                if (!isFirst || !isLeftOut(file.Span.Slice(at, length)))
                    yield return new(at, length);
                (at, isFirst, isInStep) = (at + length, false, true);
            }
            else
                (at, isInStep) = (at + 1, false);
        }
    }

    // A whole frame; behind junk, only where another follows, or the end.
    static int? LengthAt(ReadOnlySpan<byte> file, int at, LengthOf lengthOf, bool isInStep) =>
        lengthOf(file[at..]) is { } length && length <= file.Length - at
        && (isInStep || at + length == file.Length || lengthOf(file[(at + length)..]) is not null) ? length : null;
}
