namespace Cote.Media;

/// <summary>
/// Keeps the bytes of resumable uploads until the last has come: on this node's disk, or, where other nodes must be
/// able to go on with them, in the database.
/// </summary>
abstract class PartStore
{
    /// <summary>Prepares for an upload whose row is about to be added.</summary>
    public abstract void Create(string id);

    /// <summary>A writer that continues where the upload ends.</summary>
    public abstract PartWriter Append(PartialUpload upload);

    /// <summary>All of a finished upload as one local file; null where another request has taken the upload.</summary>
    public abstract Task<AssembledFile?> CollectAsync(PartialUpload upload, CancellationToken ct);

    /// <summary>Deletes the parts of an upload whose row is deleted, finished or closed.</summary>
    public abstract Task DeleteAsync(string userId, string id);

    /// <summary>
    /// Deletes parts that a crash left without an upload. Parts younger than <paramref name="before"/> stay: their row
    /// may be about to be added.
    /// </summary>
    public abstract Task ReconcileAsync(Timestamp before, CancellationToken ct);
}

/// <summary>Takes the bytes of one request, in their order.</summary>
abstract class PartWriter : IAsyncDisposable
{
    /// <summary>The most bytes that may be written between two saves.</summary>
    public abstract long MostUnsaved { get; }

    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>
    /// Makes the bytes written so far durable, and then counts them. False where another request has taken the upload:
    /// no further byte of this request is kept.
    /// </summary>
    public abstract Task<bool> SaveAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>A finished upload on the local disk. A copy that was made for it is deleted with it.</summary>
sealed class AssembledFile(string path, bool isCopy) : IDisposable
{
    public string Path => path;

    public void Dispose()
    {
        if (isCopy)
            File.Delete(path);
    }
}
