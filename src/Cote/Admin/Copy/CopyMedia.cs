using System.Security.Cryptography;
using Cote.Data;
using Cote.Media;
using Cote.Primitives;

namespace Cote.Admin;

/// <summary>
/// Brings the bytes of every blob to where the new nodes keep them. They are looked for where the target has them already
/// (a bucket, a folder that is shared), beside the source, and in it; whatever is found counts only if its hash is right.
/// </summary>
/// <param name="folder">Where one blob at a time lies on its way.</param>
sealed class CopyMedia(
    Database from, IReadOnlyList<BlobStorage> sources, BlobStorage target, PostgresLoad load, Clock clock, string folder, bool skipLost)
{
    public const string What = "bytes of blobs";
    const int PageOfBlobs = 500;

    readonly byte[] _buffer = new byte[1 << 20];

    sealed record Blob(string Id, string Sha256, long Size);

    /// <summary>Blobs of which no bytes are left, or others.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>Goes on where it stopped. Every blob that it passes has been read back from the target.</summary>
    public async Task RunAsync(TextWriter said, CancellationToken ct)
    {
        var total = await from.FirstAsync($"select count(*) from blobs", row => row.GetInt64(0), ct);
        var position = await load.PlaceOfAsync(What, ct);
        var progress = new CopyProgress(said, clock, What, position.Rows, total);
        while (await PageAsync(position.After is [string id] ? id : "", ct) is { Count: > 0 } page)
            foreach (var blob in page)
            {
                if (!await HasAsync(target, blob, ct) && !await BringAsync(blob, ct))
                    Lost.Add(blob.Id);
                position = new(position.Rows + 1, [blob.Id]);
                if (Lost.Count == 0 || skipLost) // what is not there yet must be looked for again
                    await load.NoteAsync(What, position, ct);
                progress.Report(position.Rows);
            }
        if (Lost.Count > 0 && !skipLost)
            throw new StartupException(
                $"The bytes of {Lost.Count} blobs are nowhere, or are not what was uploaded: {string.Join(", ", Lost.Take(10))}{(Lost.Count > 10 ? "…" : "")}. Put them back and run the copy again, or add --skip-lost-media to go on without them.");
    }

    Task<IReadOnlyList<Blob>> PageAsync(string after, CancellationToken ct) =>
        from.ListAsync($"select id, sha256, size from blobs where id > {after} order by id limit {(long)PageOfBlobs}",
            row => new Blob(row.GetString(0), row.GetString(1), row.GetInt64(2)), ct);

    async Task<bool> BringAsync(Blob blob, CancellationToken ct)
    {
        foreach (var source in sources)
        {
            var file = Path.Combine(folder, blob.Id);
            await using (var aside = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                if (!await ReadAsync(source, blob, aside, ct))
                    continue;
                aside.Flush(flushToDisk: target is not DatabaseStorage); // a disk takes over the file itself
            }
            // Half of it may be there, of a copy that was cut off. Nothing is removed before all of it has been seen.
            await target.DeleteAsync(blob.Id, ct);
            await target.AddAsync(blob.Id, file, ct);
            File.Delete(file);
            return await HasAsync(target, blob, ct) ? true
                : throw new StartupException($"The bytes of blob {blob.Id} do not come back from the target as they were written.");
        }
        return false;
    }

    Task<bool> HasAsync(BlobStorage storage, Blob blob, CancellationToken ct) => ReadAsync(storage, blob, Stream.Null, ct);

    // False where they are not there, or are not these.
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
