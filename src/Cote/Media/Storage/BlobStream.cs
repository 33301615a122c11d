using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// A blob as a seekable stream: its length is known from its row, and the storage is asked at the first read. So any
/// storage that can read from an offset serves ranges.
/// </summary>
sealed class BlobStream(BlobStorage storage, string id, long length) : AsyncStream
{
    Stream? _open;
    long _position;

    public override bool CanSeek => true;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        var to = offset + origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => _position, _ => length };
        ArgumentOutOfRangeException.ThrowIfNegative(to, nameof(offset));
        if (to != _position)
        {
            _open?.Dispose();
            (_open, _position) = (null, to);
        }
        return to;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= length)
            return 0;
        _open ??= await storage.OpenAsync(id, _position, cancellationToken);
        var read = await _open.ReadAsync(buffer, cancellationToken);
        if (read == 0)
            throw new EndOfStreamException($"Blob {id} is shorter than its {length} bytes");
        _position += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _open?.Dispose();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_open is not null)
            await _open.DisposeAsync();
        await base.DisposeAsync();
    }
}
