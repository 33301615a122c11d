namespace Cote.Media;

/// <summary>
/// A file read from the front to the back in blocks, for what has no index: a walk over millions of frames costs one
/// read for many of them, and ends after a number of reads.
/// </summary>
sealed class ProbeWindow(FileProbe file, int mostReads)
{
    const int BlockLength = 64 * 1024;

    byte[] _block = [];
    long _start;
    int _left = mostReads;

    /// <summary>Whether there was no read left for what was asked.</summary>
    public bool IsUsedUp { get; private set; }

    /// <summary>Up to <paramref name="count"/> bytes from an offset on; none where the reads are used up.</summary>
    /// <param name="count">At most 32 KB.</param>
    public ReadOnlySpan<byte> At(long offset, int count)
    {
        if (offset < 0 || offset >= file.Length)
            return [];
        var isThere = offset >= _start && offset < _start + _block.Length
            && (offset + count <= _start + _block.Length || _start + _block.Length >= file.Length);
        if (!isThere)
        {
            if (_left-- <= 0)
            {
                IsUsedUp = true;
                return [];
            }
            (_block, _start) = (file.At(offset, BlockLength), offset);
        }
        var rest = _block.AsSpan((int)(offset - _start));
        return rest[..Math.Min(count, rest.Length)];
    }
}
