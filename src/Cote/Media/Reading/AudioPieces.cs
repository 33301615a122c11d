using System.Runtime.InteropServices;

namespace Cote.Media.Reading;

/// <summary>A part of a recording that is a file of its own.</summary>
sealed record AudioPiece(byte[] Bytes, string ContentType);

/// <summary>
/// Cuts recordings for services that take files of a size, without decoding them: between frames, pages or clusters,
/// with what must stand before the first of them. Each piece is made when it is asked for.
/// </summary>
static class AudioPieces
{
    /// <summary>
    /// The pieces in order, each at most so large. What fits is one piece, itself. What cannot be cut throws
    /// <see cref="UnreadableException"/>, now or where a piece is asked for.
    /// </summary>
    public static IEnumerable<AudioPiece> Split(ReadOnlyMemory<byte> file, string contentType, int maxBytes)
    {
        if (file.Length == 0)
            throw new UnreadableException(UnreadableException.Empty);
        return file.Length <= maxBytes ? [new(file.ToArray(), contentType)] : contentType switch
        {
            "audio/wav" => WavPieces.Split(file, maxBytes),
            "audio/mpeg" => FramePieces.OfMpeg(file, maxBytes),
            "audio/aac" => FramePieces.OfAdts(file, maxBytes),
            "audio/flac" => FlacPieces.Split(file, maxBytes),
            "audio/ogg" or "video/ogg" => OggPieces.Split(file, maxBytes),
            "audio/mp4" or "video/mp4" or "video/quicktime" => Mp4Pieces.Split(file, maxBytes),
            "audio/webm" or "video/webm" or "video/x-matroska" => MatroskaPieces.Split(file, contentType, maxBytes),
            _ => throw new UnreadableException(UnreadableException.TooLarge),
        };
    }

    /// <summary>Puts as many units into each piece as it takes.</summary>
    /// <param name="head">What stands before the units of each piece.</param>
    /// <param name="units">Where the file may be cut: in order, each as it is in the file.</param>
    public static IEnumerable<AudioPiece> Pack(
        ReadOnlyMemory<byte> file, byte[] head, IEnumerable<Unit> units, int maxBytes, string contentType)
    {
        var (parts, length, isEmpty) = (new List<Unit>(), head.Length, true);
        foreach (var unit in units)
        {
            if (head.Length + (long)unit.Length > maxBytes)
                throw new UnreadableException(UnreadableException.TooLarge);
            if (length + (long)unit.Length > maxBytes)
            {
                yield return new(Join(file.Span, head, parts, length), contentType);
                parts.Clear();
                length = head.Length;
            }
            Add(parts, unit);
            length += unit.Length;
            isEmpty = false;
        }
        if (isEmpty)
            throw new UnreadableException(UnreadableException.Damaged);
        yield return new(Join(file.Span, head, parts, length), contentType);
    }

    /// <summary>A file in memory, to be read at random places.</summary>
    public static FileProbe Probe(ReadOnlyMemory<byte> file) =>
        new(MemoryMarshal.TryGetArray(file, out var bytes)
            ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false)
            : new MemoryStream(file.ToArray(), writable: false));

    // Millions of frames in a row are one part.
    static void Add(List<Unit> parts, Unit unit)
    {
        if (parts.Count > 0 && parts[^1] is var last && last.From + last.Length == unit.From)
            parts[^1] = last with { Length = last.Length + unit.Length };
        else
            parts.Add(unit);
    }

    static byte[] Join(ReadOnlySpan<byte> file, byte[] head, List<Unit> parts, int length)
    {
        var piece = new byte[length];
        head.CopyTo(piece, 0);
        var at = head.Length;
        foreach (var (from, count) in parts)
        {
            file.Slice(from, count).CopyTo(piece.AsSpan(at));
            at += count;
        }
        return piece;
    }

    /// <summary>What is not cut: where it stands in the file.</summary>
    public readonly record struct Unit(int From, int Length);
}
