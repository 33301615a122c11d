using System.Buffers;
using System.Runtime.CompilerServices;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>Blobs in the database, a chunk in a unit: whatever node a request comes to, the bytes are there.</summary>
sealed class DatabaseStorage(ChunkStore chunks) : BlobStorage
{
    const int PageOfIds = 500;

    public override async Task AddAsync(string id, string file, CancellationToken ct)
    {
        await using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        var buffer = new byte[Math.Min(ChunkStore.Size, from.Length)];
        try
        {
            for (var n = 0L; await from.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct) is > 0 and var read; n++)
                await chunks.AddAsync(id, n, read == buffer.Length ? buffer : buffer[..read]);
        }
        catch
        {
            await ForgetAsync(id);
            throw;
        }
    }

    public override async Task<Stream> OpenAsync(string id, long offset, CancellationToken ct)
    {
        var stream = new ChunkStream(chunks, id, offset);
        if (await stream.FetchAsync(ct))
            return stream;
        await stream.DisposeAsync();
        throw new FileNotFoundException($"The database has no chunk {offset / ChunkStore.Size} of blob {id}");
    }

    public override Task DeleteAsync(string id, CancellationToken ct) => chunks.DeleteAsync(id);

    public override async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var after = "";
        while (await chunks.ListAsync(after, PageOfIds, ct) is { Count: > 0 } ids)
        {
            foreach (var id in ids)
                yield return id;
            after = ids[^1];
        }
    }

    // Who sends and hangs up again and again must not fill the database with halves until the next reconciliation.
    async Task ForgetAsync(string id)
    {
        try
        {
            await chunks.DeleteAsync(id);
        }
        catch (ProblemException)
        {
            // the database is away: that is why, and the reconciliation finds what is left
        }
    }
}

/// <summary>
/// A blob from one of its bytes on, a chunk in memory at a time. It ends at the first chunk that is missing or short;
/// whether that is the blob's end its reader knows, who knows its length.
/// </summary>
sealed class ChunkStream(ChunkStore chunks, string id, long offset) : Stream
{
    byte[]? _buffer = ArrayPool<byte>.Shared.Rent(ChunkStore.Size);
    long _next = offset / ChunkStore.Size;
    int _skip = (int)(offset % ChunkStore.Size);
    int _at;
    int _filled;
    bool _isLast;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Brings the next chunk; false where there is none.</summary>
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

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

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
