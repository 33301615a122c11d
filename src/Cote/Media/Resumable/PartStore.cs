using System.Buffers;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// Where the bytes of uploads lie that come in pieces, until the last has come: on this node's disk, or, where other
/// nodes must be able to go on with them, in the database.
/// </summary>
abstract class PartStore
{
    /// <summary>Makes room for an upload whose row is about to be added.</summary>
    public abstract void Create(string id);

    /// <summary>Goes on where the upload stands.</summary>
    public abstract PartWriter Append(PartialUpload upload);

    /// <summary>All of a finished upload as one local file; null where another request has the upload by now.</summary>
    public abstract Task<AssembledFile?> CollectAsync(PartialUpload upload, CancellationToken ct);

    /// <summary>Removes what is there of an upload whose row is gone, finished or expired.</summary>
    public abstract Task DeleteAsync(string userId, string id);

    /// <summary>Removes what a crash left of uploads that are no more; what is younger than <paramref name="before"/> may be about to get its row.</summary>
    public abstract Task ReconcileAsync(Timestamp before, CancellationToken ct);
}

/// <summary>Takes the bytes of one request, in their order.</summary>
abstract class PartWriter : IAsyncDisposable
{
    /// <summary>At most so much may be written between two saves.</summary>
    public abstract long MostUnsaved { get; }

    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>
    /// Makes what was written so far last, and then counts it. False where another request has the upload by now: then
    /// nothing more of this one is kept.
    /// </summary>
    public abstract Task<bool> SaveAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>A finished upload on the local disk. A copy that was made for it goes with it.</summary>
sealed class AssembledFile(string path, bool isCopy) : IDisposable
{
    public string Path => path;

    public void Dispose()
    {
        if (isCopy)
            File.Delete(path);
    }
}

/// <summary>A file for each upload, in the data directory of the one node there is.</summary>
sealed class DiskPartStore(MediaFolders folders, MediaStore media) : PartStore
{
    public override void Create(string id)
    {
        File.Create(PathOf(id)).Dispose();
        Disk.SyncFolder(folders.Resumable);
    }

    public override PartWriter Append(PartialUpload upload) => new Writer(PathOf(upload.Id), upload, media);

    public override Task<AssembledFile?> CollectAsync(PartialUpload upload, CancellationToken ct) =>
        Task.FromResult<AssembledFile?>(new(PathOf(upload.Id), isCopy: false));

    public override Task DeleteAsync(string userId, string id)
    {
        File.Delete(PathOf(id));
        return Task.CompletedTask;
    }

    public override async Task ReconcileAsync(Timestamp before, CancellationToken ct)
    {
        foreach (var path in Directory.EnumerateFiles(folders.Resumable))
            if (Path.GetFileName(path) is var id && MediaGcLoop.MadeAt(id) < before.Milliseconds && !await media.HasUploadAsync(id, ct))
                File.Delete(path);
    }

    string PathOf(string id) => Path.Combine(folders.Resumable, id);

    sealed class Writer : PartWriter
    {
        readonly FileStream _file;
        readonly PartialUpload _upload;
        readonly MediaStore _media;

        public Writer(string path, PartialUpload upload, MediaStore media)
        {
            (_upload, _media) = (upload, media);
            _file = new(path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            if (_file.Length < upload.Received)
            {
                _file.Dispose();
                throw new InvalidDataException($"The file of upload {upload.Id} is shorter than the {upload.Received} bytes that were received");
            }
            _file.SetLength(upload.Received); // beyond it is what was never said to be received
            _file.Position = upload.Received;
        }

        public override long MostUnsaved => 16 * 1_048_576;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => _file.WriteAsync(bytes);

        public override Task<bool> SaveAsync()
        {
            _file.Flush(flushToDisk: true);
            return _media.SetReceivedAsync(_upload, _file.Position);
        }

        public override ValueTask DisposeAsync() => _file.DisposeAsync();
    }
}

/// <summary>A row for each piece, of 1 MiB at most, written together with how far the upload has come.</summary>
sealed class DatabasePartStore(MediaFolders folders, MediaStore media, ChunkStore chunks, Clock clock) : PartStore
{
    const int StraysAtOnce = 100;

    public override void Create(string id) { }

    public override PartWriter Append(PartialUpload upload) => new Writer(upload, chunks);

    public override async Task<AssembledFile?> CollectAsync(PartialUpload upload, CancellationToken ct)
    {
        var assembled = new AssembledFile(Path.Combine(folders.Incoming, clock.NewId()), isCopy: true);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkStore.Size);
        var isWhole = false;
        try
        {
            await using var file = new FileStream(assembled.Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            var at = 0L;
            while (at < upload.Length && await chunks.ReadPieceAsync(upload, at, buffer, ct) is { } read)
            {
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
                at += read;
            }
            file.Flush(flushToDisk: true);
            isWhole = at == upload.Length;
            // Pieces go when another request has ended the upload, or given it up. Else they may not be missing.
            return isWhole ? assembled
                : await media.IsHeldAsync(upload, ct) ? throw new InvalidDataException($"Upload {upload.Id} has no piece at {at}")
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (!isWhole)
                assembled.Dispose();
        }
    }

    public override Task DeleteAsync(string userId, string id) => chunks.DeletePiecesAsync(userId, id);

    public override async Task ReconcileAsync(Timestamp before, CancellationToken ct)
    {
        while (await chunks.ListStrayPiecesAsync(StraysAtOnce, ct) is { Count: > 0 } strays)
            foreach (var (userId, id) in strays)
                await chunks.DeletePiecesAsync(userId, id);
    }

    sealed class Writer(PartialUpload upload, ChunkStore chunks) : PartWriter
    {
        readonly byte[] _piece = new byte[Math.Min(ChunkStore.Size, upload.Length - upload.Received)];
        long _saved = upload.Received;
        int _filled;

        public override long MostUnsaved => ChunkStore.Size;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            bytes.CopyTo(_piece.AsMemory(_filled));
            _filled += bytes.Length;
            return ValueTask.CompletedTask;
        }

        public override async Task<bool> SaveAsync()
        {
            var piece = _filled == _piece.Length ? _piece : _piece[.._filled];
            (_saved, _filled) = (_saved + piece.Length, 0);
            return await chunks.AppendAsync(upload, _saved - piece.Length, piece);
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
