namespace Cote;

/// <summary>
/// Keeps the bytes of uploads: on a disk, in the database, in an object store, or in a storage of your own, registered
/// as the one <see cref="BlobStorage"/> of the services; then <c>Cote__Media__Storage</c> does not count.
/// </summary>
/// <remarks>
/// <para>A blob is the bytes of one file, of 1 byte up to <see cref="MediaOptions.MaxUploadBytes"/>. It is added once,
/// under an id that is never used again, and never changed. Equal bytes are added once: Cote compares their SHA-256
/// before.</para>
/// <para>Ids are UUIDs of version 7 in lower case with dashes, 36 characters.</para>
/// <para>The database says which blobs there should be. A crash may leave bytes without a row, never a row without
/// bytes; a job at the start and once a day calls <see cref="ListAsync"/> and deletes blobs without a row that are
/// older than 24 hours.</para>
/// <para>One instance serves all requests, so every method is called concurrently, and with PostgreSQL by several
/// nodes at once; no two calls add the same id.</para>
/// <para>A storage that cannot be reached throws <see cref="ProblemException"/> with <see
/// cref="Problems.StorageUnavailable"/>, and one that is full with <see
/// cref="Problems.DiskFull"/>: the client hears 503 or 507. Any other exception is a 500.</para>
/// </remarks>
public abstract class BlobStorage
{
    /// <summary>
    /// Adds a blob. When the task ends, the bytes are durable: they outlive a power cut. When it throws, or is
    /// cancelled, the blob must not be readable; parts of it may stay until the daily job deletes them.
    /// </summary>
    /// <param name="id">The new blob's id.</param>
    /// <param name="file">
    /// The path of a whole local file that is synced to disk. The method may move or delete it; Cote deletes what is
    /// left.
    /// </param>
    /// <param name="ct">Cancelled when the client closes the connection.</param>
    public abstract Task AddAsync(string id, string file, CancellationToken ct);

    /// <summary>Opens a blob to read its bytes from an offset up to its end.</summary>
    /// <param name="id">The blob's id.</param>
    /// <param name="offset">The first byte to read, counted from 0; always smaller than the blob's length.</param>
    /// <param name="ct">Cancelled when the client closes the connection.</param>
    /// <returns>
    /// A stream that is read once, from front to back, by <c>ReadAsync</c> alone, and then disposed of. A stream that
    /// ends before the blob's length breaks the download off.
    /// </returns>
    /// <exception cref="FileNotFoundException">There is no such blob.</exception>
    public abstract Task<Stream> OpenAsync(string id, long offset, CancellationToken ct);

    /// <summary>Deletes a blob and any unfinished part of it; does nothing where there is none.</summary>
    /// <param name="id">The blob's id.</param>
    /// <param name="ct">Cancelled when the server stops.</param>
    public abstract Task DeleteAsync(string id, CancellationToken ct);

    /// <summary>
    /// Lists the ids of all blobs, unfinished ones included, in any order. Blobs that are added or deleted meanwhile
    /// may be missing. Names that are no ids may be listed; Cote ignores them.
    /// </summary>
    /// <param name="ct">Cancelled when the server stops.</param>
    public abstract IAsyncEnumerable<string> ListAsync(CancellationToken ct);
}
