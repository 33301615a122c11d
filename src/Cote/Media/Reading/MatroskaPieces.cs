namespace Cote.Media.Reading;

/// <summary>
/// Pieces of WebM and Matroska: the description of the tracks and clusters, in a segment of unknown length. What names
/// places in the whole file is left out.
/// </summary>
static class MatroskaPieces
{
    public static IEnumerable<AudioPiece> Split(ReadOnlyMemory<byte> file, string contentType, int maxBytes)
    {
        var (head, first) = HeadOf(file.Span);
        return AudioPieces.Pack(file, head, Clusters(file, first), maxBytes, contentType);
    }

    static (byte[] Head, int First) HeadOf(ReadOnlySpan<byte> file)
    {
        var (head, at) = (new List<byte>(), 0);
        while (EbmlElement.Read(file[at..]) is { } element)
        {
            if (element.Id == EbmlElement.Cluster)
                return ([.. head], at);
            if (element.Id == EbmlElement.Segment)
            {
                head.AddRange([0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
                at += element.HeadLength;
                continue;
            }
            if (element.Length is not { } length || length > file.Length - at - element.HeadLength)
                break;
            var whole = file.Slice(at, element.HeadLength + (int)length);
            if (element.Id == EbmlElement.Info)
                head.AddRange(WithoutDuration(whole.ToArray(), element.HeadLength));
            else if (element.Id is EbmlElement.Header or EbmlElement.Tracks)
                head.AddRange(whole);
            at += whole.Length;
        }
        throw new UnreadableException(UnreadableException.Damaged);
    }

    // The length of the whole becomes an element that says nothing, of the same size.
    static byte[] WithoutDuration(byte[] info, int at)
    {
        while (at < info.Length && EbmlElement.Read(info.AsSpan(at)) is { Length: { } length } element
            && length <= info.Length - at - element.HeadLength)
        {
            var whole = element.HeadLength + (int)length;
            if (element.Id == EbmlElement.Duration && whole is >= 2 and < 128)
            {
                info.AsSpan(at, whole).Clear();
                info[at] = (byte)EbmlElement.Void;
                info[at + 1] = (byte)(0x80 | (whole - 2));
            }
            at += whole;
        }
        return info;
    }

    static IEnumerable<AudioPieces.Unit> Clusters(ReadOnlyMemory<byte> file, int at)
    {
        while (at < file.Length && EbmlElement.Read(file.Span[at..]) is { } element)
        {
            var end = EndOf(file.Span, at, element);
            if (element.Id == EbmlElement.Cluster)
                yield return new(at, end - at);
            at = end;
        }
    }

    // A live recorder does not know how long a cluster becomes: it ends where the next begins.
    static int EndOf(ReadOnlySpan<byte> file, int at, EbmlElement element)
    {
        at += element.HeadLength;
        if (element.Length is { } known)
            return (int)Math.Min(file.Length, at + known);
        while (EbmlElement.Read(file[at..]) is { IsTop: false } child && child.Length is { } length)
            at = (int)Math.Min(file.Length, at + child.HeadLength + length);
        return EbmlElement.Read(file[at..]) is { IsTop: true } ? at : file.Length;
    }
}
