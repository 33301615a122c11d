using System.Runtime.CompilerServices;

namespace Cote.Media;

/// <summary>Blobs in the database, one chunk in a batch, so that every node can read them.</summary>
sealed class DatabaseStorage(ChunkStore chunks) : BlobStorage
{
    const int PageOfIds = 500;

    public override async Task AddAsync(string id, string file, CancellationToken ct)
    {
        await using var from = LocalFile.Open(file);
        var buffer = new byte[Math.Min(ChunkStore.Size, from.Length)];
        try
        {
            for (var n = 0L; await ReadAsync(buffer) is > 0 and var read; n++)
                await chunks.AddAsync(id, n, read == buffer.Length ? buffer : buffer[..read]);
        }
        catch
        {
            await TryDeleteAsync(id);
            throw;
        }

        ValueTask<int> ReadAsync(byte[] into) =>
            from.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, ct);
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

    // A client that sends and hangs up again and again must not fill the database until the next reconciliation.
    async Task TryDeleteAsync(string id)
    {
        try
        {
            await chunks.DeleteAsync(id);
        }
        catch (ProblemException)
        {
            // the database cannot be reached, which is why adding failed too; the reconciliation deletes the chunks
        }
    }
}
