namespace Cote.Media;

/// <summary>A finished file, on the local disk or in memory, read at random places without a buffer.</summary>
sealed class FileProbe : IDisposable
{
    const int HeadLength = 64 * 1024;

    readonly Stream _file;
    readonly byte[] _head;

    public FileProbe(string path)
        : this(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0))
    {
    }

    /// <param name="file">One that can seek; it is disposed of with the probe.</param>
    public FileProbe(Stream file)
    {
        _file = file;
        _head = new byte[(int)Math.Min(HeadLength, _file.Length)];
        _file.ReadExactly(_head);
    }

    public long Length => _file.Length;

    /// <summary>The beginning, up to 64 KB.</summary>
    public ReadOnlySpan<byte> Head => _head;

    /// <summary>Up to <paramref name="count"/> bytes from an offset on; fewer, or none, at the end.</summary>
    public byte[] At(long offset, int count)
    {
        if (offset < 0 || offset >= Length)
            return [];
        var length = (int)Math.Min(count, Length - offset);
        if (offset + length <= _head.Length)
            return _head[(int)offset..(int)(offset + length)];
        var bytes = new byte[length];
        _file.Position = offset;
        _file.ReadExactly(bytes);
        return bytes;
    }

    public void Dispose() => _file.Dispose();
}
