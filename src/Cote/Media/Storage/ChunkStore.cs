namespace Cote.Media;

/// <summary>
/// All SQL of bytes that lie in the database: the chunks of blobs, and the parts of unfinished resumable uploads. No
/// batch writes or deletes more than a few: a large file must not hold the writer, or a connection, for long.
/// </summary>
sealed class ChunkStore(Database db)
{
    /// <summary>The bytes of every chunk but a blob's last, and the most bytes of a part.</summary>
    public const int Size = 1_048_576;

    const int MostInBatch = 16;

    public Task AddAsync(string blobId, long n, byte[] bytes)
    {
        // An id is used once: a chunk that is there was written by this call.
        var batch = new WriteBatch { IsRepeatable = true };
        batch.Execute($"insert into blob_chunks (blob_id, n, bytes) values ({blobId}, {n}, {bytes})");
        return db.WriteAsync(batch);
    }

    /// <summary>
    /// Copies a chunk from an offset on into a buffer and returns the count; null where there is no such chunk.
    /// </summary>
    public Task<int?> ReadAsync(string blobId, long n, int from, byte[] into, CancellationToken ct) =>
        db.FirstAsync<int?>(
            $"select substr(bytes, cast({from + 1} as integer)) from blob_chunks where blob_id = {blobId} and n = {n}",
            row => row.CopyBytes(0, into), ct);

    /// <summary>
    /// Deletes a blob's chunks, the last first: while any is left, <see cref="ListAsync"/> finds the blob.
    /// </summary>
    public async Task DeleteAsync(string blobId)
    {
        Statement removed;
        do
        {
            var batch = new WriteBatch();
            removed = batch.Execute($"""
                delete from blob_chunks where blob_id = {blobId} and n in (
                  select n from blob_chunks where blob_id = {blobId} order by n desc limit {(long)MostInBatch})
                """);
            await db.WriteAsync(batch);
        }
        while (removed.Changed == MostInBatch);
    }

    /// <summary>The ids of blobs that have chunks, in order, from the one after <paramref name="after"/> on.</summary>
    public Task<IReadOnlyList<string>> ListAsync(string after, int most, CancellationToken ct) =>
        db.ListAsync(
            $"select blob_id from blob_chunks where blob_id > {after} and n = 0 order by blob_id limit {(long)most}",
            row => row.GetString(0), ct);

    /// <summary>
    /// Adds the next part of an upload; false, and nothing added, where another request has taken the upload.
    /// </summary>
    public async Task<bool> AppendAsync(PartialUpload upload, long start, byte[] bytes)
    {
        var end = start + bytes.Length;
        var batch = new WriteBatch { IsRepeatable = true };
        var moved = UploadStore.Receive(batch, upload, start, end);
        batch.Execute($"""
            insert into upload_pieces (user_id, upload_id, start, bytes)
            select user_id, id, {start}, {bytes} from uploads where {UploadStore.IsHeld(upload)} and received = {end}
            """);
        // A part that is there while the upload is held is this one: its commit was not heard of when the connection
        // broke.
        return await db.WriteAsync(batch) == Outcome.Conflict || moved.Changed == 1;
    }

    /// <summary>Copies the part that begins at an offset into a buffer; null where there is none.</summary>
    public Task<int?> ReadPartAsync(PartialUpload upload, long start, byte[] into, CancellationToken ct) =>
        db.FirstAsync<int?>(
            $"""
            select bytes from upload_pieces
            where user_id = {upload.UserId} and upload_id = {upload.Id} and start = {start}
            """, row => row.CopyBytes(0, into), ct);

    public async Task DeletePartsAsync(string userId, string uploadId)
    {
        Statement removed;
        do
        {
            var batch = new WriteBatch();
            removed = batch.Execute($"""
                delete from upload_pieces where user_id = {userId} and upload_id = {uploadId} and start in (
                  select start from upload_pieces where user_id = {userId} and upload_id = {uploadId}
                  limit {(long)MostInBatch})
                """);
            await db.WriteAsync(batch);
        }
        while (removed.Changed == MostInBatch);
    }

    /// <summary>
    /// Uploads that are deleted, closed or finished and have parts left. An upload's row is added before its parts and
    /// deleted before them, so a part without a row belongs to no upload, however young it is.
    /// </summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListStrayPartsAsync(int most, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select distinct p.user_id, p.upload_id from upload_pieces p where not exists (
              select 1 from uploads u
              where u.user_id = p.user_id and u.id = p.upload_id and u.received >= 0 and u.media_id is null)
            limit {(long)most}
            """, row => (row.GetString(0), row.GetString(1)), ct);
}
