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

    /// <summary>
    /// Puts units into pieces of about equal size: a last one of a moment's length is heard by nobody, and by some
    /// decoders not at all.
    /// </summary>
    /// <param name="head">What stands before the units of each piece.</param>
    /// <param name="units">Where the file may be cut: in order, each as it is in the file; walked twice.</param>
    public static IEnumerable<AudioPiece> Pack(
        ReadOnlyMemory<byte> file, byte[] head, IEnumerable<Unit> units, int maxBytes, string contentType)
    {
        var enough = head.Length + Share(units.Sum(x => (long)x.Length), maxBytes - head.Length);
        var (parts, length) = (new List<Unit>(), head.Length);
        foreach (var unit in units)
        {
            if (head.Length + (long)unit.Length > maxBytes)
                throw new UnreadableException(UnreadableException.TooLarge);
            if (parts.Count > 0 && (length >= enough || length + (long)unit.Length > maxBytes))
            {
                yield return new(Join(file.Span, head, parts, length), contentType);
                parts.Clear();
                length = head.Length;
            }
            Add(parts, unit);
            length += unit.Length;
        }
        if (parts.Count == 0)
            throw new UnreadableException(UnreadableException.Damaged);
        yield return new(Join(file.Span, head, parts, length), contentType);
    }

    /// <summary>How much each of the fewest pieces holds, where each has so much room.</summary>
    public static long Share(long total, int room)
    {
        if (room <= 0)
            throw new UnreadableException(UnreadableException.TooLarge);
        var count = Math.Max(1, (total + room - 1) / room);
        return (total + count - 1) / count;
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
