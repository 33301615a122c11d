using System.Buffers;

namespace Cote.Media;

/// <summary>One row for each part, of 1 MiB at most, in one batch with the number of bytes received.</summary>
sealed class DatabasePartStore(MediaFolders folders, UploadStore uploads, ChunkStore chunks, Clock clock) : PartStore
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
            await using var file = LocalFile.Create(assembled.Path);
            var at = 0L;
            while (at < upload.Length && await chunks.ReadPartAsync(upload, at, buffer, ct) is { } read)
            {
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
                at += read;
            }
            file.Flush(flushToDisk: true);
            isWhole = at == upload.Length;
            // Parts are deleted once another request has finished the upload or deleted it. Otherwise none may be
            // missing.
            return isWhole ? assembled
                : await uploads.IsHeldAsync(upload, ct)
                    ? throw new InvalidDataException($"Upload {upload.Id} has no part at {at}")
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (!isWhole)
                assembled.Dispose();
        }
    }

    public override Task DeleteAsync(string userId, string id) => chunks.DeletePartsAsync(userId, id);

    public override async Task ReconcileAsync(Timestamp before, CancellationToken ct)
    {
        while (await chunks.ListStrayPartsAsync(StraysAtOnce, ct) is { Count: > 0 } strays)
            foreach (var (userId, id) in strays)
                await chunks.DeletePartsAsync(userId, id);
    }

    sealed class Writer(PartialUpload upload, ChunkStore chunks) : PartWriter
    {
        readonly byte[] _part = new byte[Math.Min(ChunkStore.Size, upload.Length - upload.Received)];
        long _saved = upload.Received;
        int _filled;

        public override long MostUnsaved => ChunkStore.Size;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            bytes.CopyTo(_part.AsMemory(_filled));
            _filled += bytes.Length;
            return ValueTask.CompletedTask;
        }

        public override async Task<bool> SaveAsync()
        {
            var part = _filled == _part.Length ? _part : _part[.._filled];
            (_saved, _filled) = (_saved + part.Length, 0);
            return await chunks.AppendAsync(upload, _saved - part.Length, part);
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
