namespace Cote.Media;

/// <summary>A resumable upload.</summary>
/// <param name="UserId">Its owner.</param>
/// <param name="Id">A UUIDv7.</param>
/// <param name="Length">The size of the whole file in bytes.</param>
/// <param name="Received">The number of bytes that are durable.</param>
/// <param name="Name">The file name, cleaned.</param>
/// <param name="Metadata">The header <c>Upload-Metadata</c> as the client sent it; empty where it sent none.</param>
/// <param name="MediaId">The upload that the finished file became.</param>
/// <param name="ExpiresAt">When it ends, finished or not.</param>
/// <param name="Holder">The id of the request that may write.</param>
sealed record PartialUpload(
    string UserId, string Id, long Length, long Received, string Name, string Metadata, string? MediaId,
    Timestamp ExpiresAt, string Holder = "");

/// <summary>All SQL of resumable uploads; the bytes of their parts are in the <see cref="PartStore"/>.</summary>
sealed class UploadStore(Database db)
{
    const int MostOpenUploads = 100;

    // The value of `uploads.received` that closes an expired upload: its parts are deleted and no request adds to it.
    // The row stays until ForgetAsync, so that a client that comes late hears 410 and not 404.
    const long Closed = -1;

    static readonly Sql All = $"user_id, id, length, received, name, metadata, media_id, expires_at, holder";

    /// <summary>
    /// Adds an upload; false where it would pass the quota, or where the user has too many unfinished ones.
    /// </summary>
    public async Task<bool> AddAsync(PartialUpload upload, long quota, Timestamp now)
    {
        Sql open = $"from uploads where user_id = {upload.UserId} and media_id is null and expires_at > {now}";
        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {upload.UserId}");
        var added = batch.Execute($"""
            insert into uploads (user_id, id, length, received, name, metadata, created_at, expires_at)
            select {upload.UserId}, {upload.Id}, {upload.Length}, {upload.Received}, {upload.Name}, {upload.Metadata},
              {now}, {upload.ExpiresAt}
            where (select count(*) {open}) < {(long)MostOpenUploads}
              and (select coalesce(sum(size), 0) from media where user_id = {upload.UserId})
                + (select coalesce(sum(length), 0) {open}) + {upload.Length} <= {quota}
            """);
        await db.WriteAsync(batch);
        return added.Changed == 1;
    }

    public Task<PartialUpload?> FindAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync($"select {All} from uploads where user_id = {userId} and id = {id}", Read, ct);

    /// <summary>The ids of a user's uploads; erasing the account deletes their parts.</summary>
    public Task<IReadOnlyList<string>> ListAsync(string userId, CancellationToken ct) =>
        db.ListAsync($"select id from uploads where user_id = {userId}", row => row.GetString(0), ct);

    /// <summary>
    /// Gives an upload to a new holder and reads how much of it is durable. A part that the holder before is writing
    /// is waited for; its next write finds the fence changed.
    /// </summary>
    public async Task<PartialUpload?> TakeAsync(string userId, string id, string holder)
    {
        var batch = new WriteBatch();
        batch.Execute($"update uploads set holder = {holder} where user_id = {userId} and id = {id}");
        var taken = batch.Query($"select {All} from uploads where user_id = {userId} and id = {id}", Read);
        await db.WriteAsync(batch);
        return taken.First;
    }

    /// <summary>The fence: no request has taken the upload since, and it is neither finished nor closed.</summary>
    public static Sql IsHeld(PartialUpload upload) => $"""
        user_id = {upload.UserId} and id = {upload.Id} and holder = {upload.Holder} and received >= 0
        and media_id is null
        """;

    public Task<bool> IsHeldAsync(PartialUpload upload, CancellationToken ct) =>
        db.FirstAsync($"select 1 from uploads where {IsHeld(upload)}", _ => true, ct);

    /// <summary>Records how many bytes are durable; false where another request has taken the upload.</summary>
    public async Task<bool> SetReceivedAsync(PartialUpload upload, long received)
    {
        var batch = new WriteBatch();
        var moved = batch.Execute(
            $"update uploads set received = {received} where {IsHeld(upload)} and received < {received}");
        await db.WriteAsync(batch);
        return moved.Changed == 1;
    }

    /// <summary>Counts a part that the same batch writes, if it begins where the upload ends.</summary>
    public static Statement Receive(WriteBatch batch, PartialUpload upload, long start, long end) =>
        batch.Execute($"update uploads set received = {end} where {IsHeld(upload)} and received = {start}");

    /// <summary>Deletes an upload; false where another request has taken it.</summary>
    public async Task<bool> DeleteAsync(PartialUpload upload)
    {
        var batch = new WriteBatch();
        var deleted = batch.Execute(
            $"delete from uploads where user_id = {upload.UserId} and id = {upload.Id} and holder = {upload.Holder}");
        await db.WriteAsync(batch);
        return deleted.Changed == 1;
    }

    /// <summary>Deletes an upload whose address no client knows, so that no other request can have taken it.</summary>
    public Task DiscardAsync(string userId, string id)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from uploads where user_id = {userId} and id = {id}");
        return db.WriteAsync(batch);
    }

    /// <summary>Expired uploads that are not closed yet.</summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListExpiredAsync(
        Timestamp now, int most, CancellationToken ct) =>
        db.ListAsync($"select user_id, id from uploads where expires_at <= {now} and received >= 0 limit {(long)most}",
            row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>
    /// Closes expired uploads: from now on no request adds to them, so that their parts can be deleted.
    /// </summary>
    public Task CloseAsync(IEnumerable<(string UserId, string Id)> uploads)
    {
        var batch = new WriteBatch();
        foreach (var (user, id) in uploads)
            batch.Execute($"update uploads set received = {Closed}, holder = '' where user_id = {user} and id = {id}");
        return db.WriteAsync(batch);
    }

    /// <summary>Deletes closed uploads that expired before this.</summary>
    public Task ForgetAsync(Timestamp before)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from uploads where expires_at < {before} and received = {Closed}");
        return db.WriteAsync(batch);
    }

    /// <summary>Whether an upload is there and not closed.</summary>
    public Task<bool> ExistsAsync(string id, CancellationToken ct) =>
        db.FirstAsync($"select 1 from uploads where id = {id} and received >= 0", _ => true, ct);

    static PartialUpload Read(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4), row.GetString(5),
        row.GetStringOrNull(6), new(row.GetInt64(7)), row.GetString(8));
}
