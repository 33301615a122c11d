using Cote.Data;

namespace Cote.Media;

/// <summary>
/// All SQL of bytes that lie in the database: blobs in chunks, and the pieces of uploads that are not finished. No unit
/// carries or removes more than a few: what is large must not hold the writer, or a connection, for long.
/// </summary>
sealed class ChunkStore(Database db)
{
    /// <summary>How long every chunk but a blob's last is, and a piece at most.</summary>
    public const int Size = 1_048_576;

    const int MostInUnit = 16;

    public Task AddAsync(string blobId, long n, byte[] bytes)
    {
        var batch = new WriteBatch { IsRepeatable = true }; // no blob is ever written twice: one that is there, this has written
        batch.Execute($"insert into blob_chunks (blob_id, n, bytes) values ({blobId}, {n}, {bytes})");
        return db.WriteAsync(batch);
    }

    /// <summary>Reads a chunk from one of its bytes on into a buffer, and tells how many came; null where there is no such chunk.</summary>
    public Task<int?> ReadAsync(string blobId, long n, int from, byte[] into, CancellationToken ct) =>
        db.FirstAsync<int?>(
            $"select substr(bytes, cast({from + 1} as integer)) from blob_chunks where blob_id = {blobId} and n = {n}",
            row => row.CopyBytes(0, into), ct);

    /// <summary>Removes a blob's chunks, the last first: as long as there are any, <see cref="ListAsync"/> finds it.</summary>
    public async Task DeleteAsync(string blobId)
    {
        Statement removed;
        do
        {
            var batch = new WriteBatch();
            removed = batch.Execute($"""
                delete from blob_chunks where blob_id = {blobId} and n in (
                  select n from blob_chunks where blob_id = {blobId} order by n desc limit {(long)MostInUnit})
                """);
            await db.WriteAsync(batch);
        }
        while (removed.Changed == MostInUnit);
    }

    /// <summary>The ids of blobs that have chunks, in order, from the one after <paramref name="after"/> on.</summary>
    public Task<IReadOnlyList<string>> ListAsync(string after, int most, CancellationToken ct) =>
        db.ListAsync($"select blob_id from blob_chunks where blob_id > {after} and n = 0 order by blob_id limit {(long)most}",
            row => row.GetString(0), ct);

    /// <summary>Adds the next piece of an upload; false where another request has the upload by now, and nothing was added.</summary>
    public async Task<bool> AppendAsync(PartialUpload upload, long start, byte[] bytes)
    {
        var end = start + bytes.Length;
        var batch = new WriteBatch { IsRepeatable = true };
        var moved = MediaStore.Receive(batch, upload, start, end);
        batch.Execute($"""
            insert into upload_pieces (user_id, upload_id, start, bytes)
            select user_id, id, {start}, {bytes} from uploads where {MediaStore.IsHeld(upload)} and received = {end}
            """);
        // A piece that is there already while the upload is held is this one, from before the connection broke.
        return await db.WriteAsync(batch) == Outcome.Conflict || moved.Changed == 1;
    }

    /// <summary>Reads the piece that begins at an offset; null where there is none.</summary>
    public Task<int?> ReadPieceAsync(PartialUpload upload, long start, byte[] into, CancellationToken ct) =>
        db.FirstAsync<int?>(
            $"select bytes from upload_pieces where user_id = {upload.UserId} and upload_id = {upload.Id} and start = {start}",
            row => row.CopyBytes(0, into), ct);

    public async Task DeletePiecesAsync(string userId, string uploadId)
    {
        Statement removed;
        do
        {
            var batch = new WriteBatch();
            removed = batch.Execute($"""
                delete from upload_pieces where user_id = {userId} and upload_id = {uploadId} and start in (
                  select start from upload_pieces where user_id = {userId} and upload_id = {uploadId} limit {(long)MostInUnit})
                """);
            await db.WriteAsync(batch);
        }
        while (removed.Changed == MostInUnit);
    }

    /// <summary>
    /// Uploads that are gone or finished and of which pieces are left. A row comes before its pieces and goes before
    /// them, so a piece without one is nobody's, however young it is.
    /// </summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListStrayPiecesAsync(int most, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select distinct p.user_id, p.upload_id from upload_pieces p where not exists (
              select 1 from uploads u where u.user_id = p.user_id and u.id = p.upload_id and u.received >= 0 and u.media_id is null)
            limit {(long)most}
            """, row => (row.GetString(0), row.GetString(1)), ct);
}
