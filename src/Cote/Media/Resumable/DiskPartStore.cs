using Cote.Primitives;

namespace Cote.Media;

/// <summary>One file for each upload, in the data directory of the only node.</summary>
sealed class DiskPartStore(MediaFolders folders, UploadStore uploads) : PartStore
{
    public override void Create(string id)
    {
        OwnerOnly.CreateFile(PathOf(id));
        AtomicFile.SyncFolder(folders.Resumable);
    }

    public override PartWriter Append(PartialUpload upload) => new Writer(PathOf(upload.Id), upload, uploads);

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
        {
            var id = Path.GetFileName(path);
            if (MediaGcLoop.MadeAt(id) < before.Milliseconds && !await uploads.ExistsAsync(id, ct))
                File.Delete(path);
        }
    }

    string PathOf(string id) => Path.Combine(folders.Resumable, id);

    sealed class Writer : PartWriter
    {
        readonly FileStream _file;
        readonly PartialUpload _upload;
        readonly UploadStore _uploads;

        public Writer(string path, PartialUpload upload, UploadStore uploads)
        {
            (_upload, _uploads) = (upload, uploads);
            _file = new(path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            if (_file.Length < upload.Received)
            {
                _file.Dispose();
                throw new InvalidDataException(
                    $"The file of upload {upload.Id} has less than the {upload.Received} bytes received");
            }
            _file.SetLength(upload.Received); // no client was told of the bytes behind it
            _file.Position = upload.Received;
        }

        public override long MostUnsaved => 16 * 1_048_576;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => _file.WriteAsync(bytes);

        public override Task<bool> SaveAsync()
        {
            _file.Flush(flushToDisk: true);
            return _uploads.SetReceivedAsync(_upload, _file.Position);
        }

        public override ValueTask DisposeAsync() => _file.DisposeAsync();
    }
}
