using Cote.Data;
using System.Security.Cryptography;
using Cote.Media;
using Cote.Primitives;

namespace Cote.Admin;

/// <summary>
/// Copies the bytes of every blob to the storage of the new nodes. The bytes may be there already (a bucket, a shared
/// folder), beside the source, or in it; they count only if their hash is right.
/// </summary>
/// <param name="from">The source.</param>
/// <param name="sources">The storages in which the source may keep bytes.</param>
/// <param name="target">The storage of the new nodes.</param>
/// <param name="noteAsync">Notes the position.</param>
/// <param name="clock">Measures the progress.</param>
/// <param name="folder">Holds one blob at a time on its way.</param>
/// <param name="skipLost">Goes on without bytes that are lost.</param>
sealed class CopyMedia(
    Database from, IReadOnlyList<BlobStorage> sources, BlobStorage target,
    Func<KeysetPosition, CancellationToken, Task> noteAsync, Clock clock, string folder, bool skipLost)
{
    public const string Progress = "bytes of blobs";
    const int PageOfBlobs = 500;

    readonly byte[] _buffer = new byte[1 << 20];

    sealed record Blob(string Id, string Sha256, long Size);

    /// <summary>The blobs whose bytes are missing or wrong in the source.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>Goes on from a noted position. Each blob before it was read back from the target.</summary>
    public async Task RunAsync(KeysetPosition position, TextWriter progressOutput, CancellationToken ct)
    {
        var total = await from.FirstAsync($"select count(*) from blobs", row => row.GetInt64(0), ct);
        var progress = new CopyProgress(progressOutput, clock, Progress, position.Rows, total);
        while (await PageAsync(position.After is [string id] ? id : "", ct) is { Count: > 0 } page)
            foreach (var blob in page)
            {
                if (!await HasAsync(target, blob, ct) && !await CopyAsync(blob, ct))
                    Lost.Add(blob.Id);
                position = new(position.Rows + 1, [blob.Id]);
                if (Lost.Count == 0 || skipLost) // a later call must look for lost bytes again
                    await noteAsync(position, ct);
                progress.Report(position.Rows);
            }
        if (Lost.Count > 0 && !skipLost)
            throw new StartupException(
                $"The bytes of {Lost.Count} blobs are nowhere, or are not what was uploaded: "
                + $"{string.Join(", ", Lost.Take(10))}{(Lost.Count > 10 ? "…" : "")}. "
                + "Put them back and run the copy again, or add --skip-lost-media to go on without them.");
    }

    Task<IReadOnlyList<Blob>> PageAsync(string after, CancellationToken ct) =>
        from.ListAsync($"select id, sha256, size from blobs where id > {after} order by id limit {(long)PageOfBlobs}",
            row => new Blob(row.GetString(0), row.GetString(1), row.GetInt64(2)), ct);

    async Task<bool> CopyAsync(Blob blob, CancellationToken ct)
    {
        foreach (var source in sources)
        {
            var file = Path.Combine(folder, blob.Id);
            await using (var copy = OwnerOnly.Open(file, FileMode.Create, FileAccess.Write))
            {
                if (!await ReadAsync(source, blob, copy, ct))
                    continue;
                copy.Flush(flushToDisk: target is not DatabaseStorage); // disk storage takes over the file itself
            }
            // A copy that was cut off may have left a part. It is deleted only after the whole was read from the
            // source.
            await target.DeleteAsync(blob.Id, ct);
            await target.AddAsync(blob.Id, file, ct);
            File.Delete(file);
            return await HasAsync(target, blob, ct) ? true
                : throw new StartupException(
                    $"The bytes of blob {blob.Id} do not come back from the target as they were written.");
        }
        File.Delete(Path.Combine(folder, blob.Id)); // a part that is worth nothing
        return false;
    }

    Task<bool> HasAsync(BlobStorage storage, Blob blob, CancellationToken ct) =>
        ReadAsync(storage, blob, Stream.Null, ct);

    // False where the bytes are missing or wrong.
    async Task<bool> ReadAsync(BlobStorage storage, Blob blob, Stream to, CancellationToken ct)
    {
        try
        {
            await using var stream = await storage.OpenAsync(blob.Id, 0, ct);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var length = 0L;
            while (await stream.ReadAsync(_buffer, ct) is > 0 and var read)
            {
                hash.AppendData(_buffer.AsSpan(0, read));
                await to.WriteAsync(_buffer.AsMemory(0, read), ct);
                length += read;
            }
            return length == blob.Size && Convert.ToHexStringLower(hash.GetHashAndReset()) == blob.Sha256;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }
}
