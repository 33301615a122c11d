using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Cote;

namespace CustomServer;

/// <summary>Keeps the bytes of uploads in memory: a real one would call an object store, and be durable.</summary>
sealed class MemoryStorage : BlobStorage
{
    readonly ConcurrentDictionary<string, byte[]> _blobs = [];

    public override async Task AddAsync(string id, string file, CancellationToken ct) =>
        _blobs[id] = await File.ReadAllBytesAsync(file, ct);

    public override Task<Stream> OpenAsync(string id, long offset, CancellationToken ct)
    {
        if (!_blobs.TryGetValue(id, out var bytes))
            throw new FileNotFoundException("There is no such blob.", id);
        return Task.FromResult<Stream>(
            new MemoryStream(bytes, (int)offset, bytes.Length - (int)offset, writable: false));
    }

    public override Task DeleteAsync(string id, CancellationToken ct)
    {
        _blobs.TryRemove(id, out _);
        return Task.CompletedTask;
    }

    public override async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        foreach (var id in _blobs.Keys)
            yield return id;
    }
}
