using System.Security.Cryptography;

namespace Cote.Admin;

/// <summary>Whether the bytes of each blob are there.</summary>
/// <param name="db">Has the rows.</param>
/// <param name="storage">Should have the bytes.</param>
/// <param name="isDeep">Reads all bytes and compares their hashes; else the length alone is compared.</param>
sealed class BlobCheck(Database db, BlobStorage storage, bool isDeep)
{
    const int PageOfBlobs = 500;

    readonly byte[] _buffer = new byte[1 << 20];

    sealed record Blob(string Id, string Sha256, long Size);

    /// <summary>Looks at all; <paramref name="report"/> gets the id of each that is wrong, and why.</summary>
    public async Task RunAsync(Action<string, string> report, CopyProgress progress, CancellationToken ct)
    {
        var (after, count) = ("", 0L);
        while (await PageAsync(after, ct) is { Count: > 0 } page)
        {
            foreach (var blob in page)
            {
                if (await FaultOfAsync(blob, ct) is { } fault)
                    report(blob.Id, fault);
                progress.Report(++count);
            }
            after = page[^1].Id;
        }
    }

    Task<IReadOnlyList<Blob>> PageAsync(string after, CancellationToken ct) =>
        db.ListAsync($"select id, sha256, size from blobs where id > {after} order by id limit {(long)PageOfBlobs}",
            row => new Blob(row.GetString(0), row.GetString(1), row.GetInt64(2)), ct);

    async Task<string?> FaultOfAsync(Blob blob, CancellationToken ct)
    {
        try
        {
            var length = isDeep ? 0 : Math.Max(0, blob.Size - 1); // a row that is damaged may say 0
            await using var stream = await storage.OpenAsync(blob.Id, length, ct);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            while (await stream.ReadAsync(_buffer, ct) is > 0 and var read)
            {
                hash.AppendData(_buffer.AsSpan(0, read));
                length += read;
            }
            return length != blob.Size ? $"has {length} bytes where {blob.Size} were uploaded"
                : isDeep && Convert.ToHexStringLower(hash.GetHashAndReset()) != blob.Sha256
                    ? "has other bytes than were uploaded" : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return "has no bytes, or too few";
        }
    }
}
