using System.Buffers;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// A blob from an offset on, with one chunk in memory at a time. It ends at the first chunk that is missing or short;
/// <see cref="BlobStream"/>, which knows the length, decides whether that is the blob's end.
/// </summary>
sealed class ChunkStream(ChunkStore chunks, string id, long offset) : AsyncStream
{
    byte[]? _buffer = ArrayPool<byte>.Shared.Rent(ChunkStore.Size);
    long _next = offset / ChunkStore.Size;
    int _skip = (int)(offset % ChunkStore.Size);
    int _at;
    int _filled;
    bool _isLast;

    /// <summary>Reads the next chunk; false where there is none.</summary>
    public async Task<bool> FetchAsync(CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (_isLast || await chunks.ReadAsync(id, _next, _skip, _buffer, ct) is not { } read)
            return false;
        _isLast = _skip + read < ChunkStore.Size;
        (_at, _filled, _skip) = (0, read, 0);
        _next++;
        return true;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _filled && !await FetchAsync(cancellationToken))
            return 0;
        var count = Math.Min(buffer.Length, _filled - _at);
        _buffer.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
        base.Dispose(disposing);
    }
}
