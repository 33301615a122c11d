using Cote.Data;
using Cote.Events;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>What came of keeping an upload.</summary>
enum AddMediaResult
{
    Done,

    /// <summary>Somebody's upload of the same bytes was committed meanwhile: theirs is to be used.</summary>
    HashTaken,

    /// <summary>The bytes that were known are swept by now.</summary>
    BlobGone,

    OverQuota,

    /// <summary>Another request has the upload in pieces by now, or has ended it.</summary>
    Superseded,
}

/// <summary>
/// An upload that comes in pieces. <paramref name="Received"/> is what is on disk for certain;
/// <paramref name="Holder"/> is the request that may write to it.
/// </summary>
sealed record PartialUpload(
    string UserId, string Id, long Length, long Received, string Name, string? MediaId, Timestamp ExpiresAt, string Holder = "");

/// <summary>All SQL of uploads, and the pieces of it that a message's own statements are made with.</summary>
sealed class MediaStore(Database db)
{
    const int MostOpenUploads = 100;

    static readonly Sql All = $"""
        m.user_id, m.id, m.blob_id, b.sha256, m.name, m.content_type, m.size, m.width, m.height, m.created_at
        """;

    static readonly Sql OfUpload = $"user_id, id, length, received, name, media_id, expires_at, holder";

    /// <summary>
    /// Keeps an upload: with <paramref name="withBlob"/> as the first of its bytes, else beside those that are there.
    /// The quota is held in the same statement, so that uploads that end together do not both fit.
    /// </summary>
    public async Task<AddMediaResult> AddAsync(MediaFile file, bool withBlob, PartialUpload? upload, long quota)
    {
        Sql used = $"(select cast(coalesce(sum(size), 0) as bigint) from media where user_id = {file.UserId})";
        Sql held = $"true";
        if (upload is not null)
            held = $"exists (select 1 from uploads where {IsHeld(upload)})";
        Sql fits = $"{used} + {file.Size} <= {quota} and {held}";
        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {file.UserId}");
        // Locks the row: who takes the upload meanwhile waits, and then finds what became of it.
        var fence = upload is null ? null : batch.Execute($"update uploads set holder = holder where {IsHeld(upload)}");
        // Locks the blob, where there is one: a sweep that is removing it is waited for, and then it is not found.
        batch.Lock($"select 1 from blobs where sha256 = {file.Sha256}");
        var before = batch.Query($"select {used}", row => row.GetInt64(0));
        if (withBlob)
            batch.Execute($"""
                insert into blobs (id, sha256, size, created_at)
                select {file.BlobId}, {file.Sha256}, {file.Size}, {file.CreatedAt} where {fits}
                """);
        var added = batch.Execute($"""
            insert into media (user_id, id, blob_id, name, content_type, size, width, height, created_at)
            select {file.UserId}, {file.Id}, b.id, {file.Name}, {file.ContentType}, {file.Size}, {file.Width}, {file.Height},
              {file.CreatedAt}
            from blobs b where b.sha256 = {file.Sha256} and {fits}
            """);
        if (upload is not null)
            batch.Execute($"""
                update uploads set media_id = {file.Id} where {IsHeld(upload)}
                  and exists (select 1 from media where user_id = {file.UserId} and id = {file.Id})
                """);
        return await db.WriteAsync(batch) == Outcome.Conflict ? AddMediaResult.HashTaken
            : added.Changed == 1 ? AddMediaResult.Done
            : fence is { Changed: 0 } ? AddMediaResult.Superseded
            : before.First + file.Size > quota ? AddMediaResult.OverQuota
            : AddMediaResult.BlobGone;
    }

    public Task<bool> HasBlobAsync(string sha256, CancellationToken ct) =>
        db.FirstAsync($"select 1 from blobs where sha256 = {sha256}", _ => true, ct);

    /// <summary>Those of these ids that no blob has.</summary>
    public async Task<IEnumerable<string>> ListUnknownAsync(IReadOnlyList<string> ids, CancellationToken ct) =>
        ids.Except(await db.ListAsync($"select id from blobs where id in {db.Dialect.EachOf(ids)}", row => row.GetString(0), ct));

    /// <summary>How much a user has, what is promised to uploads under way included.</summary>
    public Task<long> UsedAsync(string userId, Timestamp now, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select cast((select coalesce(sum(size), 0) from media where user_id = {userId})
              + (select coalesce(sum(length), 0) from uploads where user_id = {userId} and media_id is null and expires_at > {now}) as bigint)
            """, row => row.GetInt64(0), ct);

    public Task<MediaFile?> FindAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync(
            $"select {All} from media m join blobs b on b.id = m.blob_id where m.user_id = {userId} and m.id = {id}", Read, ct);

    /// <summary>Whoever's it is: only for a request that carries a signature.</summary>
    public Task<MediaFile?> FindSignedAsync(string id, CancellationToken ct) =>
        db.FirstAsync($"select {All} from media m join blobs b on b.id = m.blob_id where m.id = {id}", Read, ct);

    /// <summary>Those of these that are the user's.</summary>
    public async Task<IReadOnlyList<MediaFile>> ListAsync(string userId, IEnumerable<string> ids, CancellationToken ct)
    {
        var any = ids.ToList();
        return any.Count == 0 ? [] : await db.ListAsync(
            $"select {All} from media m join blobs b on b.id = m.blob_id where m.user_id = {userId} and m.id in {db.Dialect.EachOf(any)}",
            Read, ct);
    }

    /// <summary>All of a user's, oldest first, from the one after <paramref name="after"/> on.</summary>
    public Task<IReadOnlyList<MediaFile>> ListAllAsync(string userId, string after, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select {All} from media m join blobs b on b.id = m.blob_id
            where m.user_id = {userId} and m.id > {after} order by m.id limit {limit}
            """, Read, ct);

    /// <summary>The uploads in pieces of a user, whose files go with the account.</summary>
    public Task<IReadOnlyList<string>> ListUploadsAsync(string userId, CancellationToken ct) =>
        db.ListAsync($"select id from uploads where user_id = {userId}", row => row.GetString(0), ct);

    /// <summary>The guard of a message that names uploads: they are there, and they are the user's.</summary>
    public static Sql Owns(string userId, string id) =>
        $"exists (select 1 from media where user_id = {userId} and id = {id})";

    /// <summary>A message names uploads: from now on they stay.</summary>
    public static void Name(EventTransaction transaction, string chatId, string messageId, IReadOnlyList<string> ids)
    {
        for (var i = 0; i < ids.Count; i++)
            transaction.Execute($"""
                insert into message_media (user_id, message_id, place, chat_id, media_id)
                select {transaction.UserId}, {messageId}, {(long)i}, {chatId}, {ids[i]} from {transaction.Locked}
                """);
    }

    /// <summary>A message is deleted, and names nothing any more.</summary>
    public static void Release(EventTransaction transaction, string messageId) => transaction.Execute($"""
        delete from message_media where user_id = {transaction.UserId} and message_id = {messageId}
          and exists (select 1 from {transaction.Locked})
        """);

    /// <summary>What the messages of deleted chats name, so many rows at a time.</summary>
    public static Statement ReleaseOfDeletedChats(WriteBatch batch, int most) => batch.Execute($"""
        delete from message_media where (user_id, message_id, place) in (
          select mm.user_id, mm.message_id, mm.place from chats c
          join message_media mm on mm.user_id = c.user_id and mm.chat_id = c.id
          where c.deleted_at is not null limit {(long)most})
        """);

    /// <summary>Begins an upload in pieces; false where it would pass the quota, or where too many are open.</summary>
    public async Task<bool> AddUploadAsync(PartialUpload upload, long quota, Timestamp now)
    {
        Sql open = $"from uploads where user_id = {upload.UserId} and media_id is null and expires_at > {now}";
        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {upload.UserId}");
        var added = batch.Execute($"""
            insert into uploads (user_id, id, length, received, name, created_at, expires_at)
            select {upload.UserId}, {upload.Id}, {upload.Length}, {upload.Received}, {upload.Name}, {now}, {upload.ExpiresAt}
            where (select count(*) {open}) < {(long)MostOpenUploads}
              and (select coalesce(sum(size), 0) from media where user_id = {upload.UserId})
                + (select coalesce(sum(length), 0) {open}) + {upload.Length} <= {quota}
            """);
        await db.WriteAsync(batch);
        return added.Changed == 1;
    }

    public Task<PartialUpload?> FindUploadAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync($"select {OfUpload} from uploads where user_id = {userId} and id = {id}", ReadUpload, ct);

    /// <summary>
    /// Gives an upload to a new holder, and tells how far it has come. A piece that is being written by the holder before
    /// is waited for; its next finds the fence changed.
    /// </summary>
    public async Task<PartialUpload?> TakeUploadAsync(string userId, string id, string holder)
    {
        var batch = new WriteBatch();
        batch.Execute($"update uploads set holder = {holder} where user_id = {userId} and id = {id}");
        var taken = batch.Query($"select {OfUpload} from uploads where user_id = {userId} and id = {id}", ReadUpload);
        await db.WriteAsync(batch);
        return taken.First;
    }

    /// <summary>The fence: nobody has taken the upload since, it is not finished and its bytes are there.</summary>
    public static Sql IsHeld(PartialUpload upload) =>
        $"user_id = {upload.UserId} and id = {upload.Id} and holder = {upload.Holder} and received >= 0 and media_id is null";

    public Task<bool> IsHeldAsync(PartialUpload upload, CancellationToken ct) =>
        db.FirstAsync($"select 1 from uploads where {IsHeld(upload)}", _ => true, ct);

    /// <summary>So much of an upload is on disk; false where another request has the upload by now.</summary>
    public async Task<bool> SetReceivedAsync(PartialUpload upload, long received)
    {
        var batch = new WriteBatch();
        var moved = batch.Execute($"update uploads set received = {received} where {IsHeld(upload)} and received < {received}");
        await db.WriteAsync(batch);
        return moved.Changed == 1;
    }

    /// <summary>Counts a piece that the same unit writes, if it begins where the upload ends.</summary>
    public static Statement Receive(WriteBatch batch, PartialUpload upload, long start, long end) =>
        batch.Execute($"update uploads set received = {end} where {IsHeld(upload)} and received = {start}");

    /// <summary>False where another request has the upload by now.</summary>
    public async Task<bool> DeleteUploadAsync(PartialUpload upload)
    {
        var batch = new WriteBatch();
        var deleted = batch.Execute($"delete from uploads where user_id = {upload.UserId} and id = {upload.Id} and holder = {upload.Holder}");
        await db.WriteAsync(batch);
        return deleted.Changed == 1;
    }

    /// <summary>Uploads whose time is over and whose bytes may still be there.</summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListExpiredUploadsAsync(Timestamp now, int most, CancellationToken ct) =>
        db.ListAsync($"select user_id, id from uploads where expires_at <= {now} and received >= 0 limit {(long)most}",
            row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>From now on nothing is added to these, and their bytes can go; the rows stay, to answer that they came too late.</summary>
    public Task CloseUploadsAsync(IEnumerable<(string UserId, string Id)> uploads)
    {
        var batch = new WriteBatch();
        foreach (var (user, id) in uploads)
            batch.Execute($"update uploads set received = -1, holder = '' where user_id = {user} and id = {id}");
        return db.WriteAsync(batch);
    }

    /// <summary>Closed uploads of before this need not be remembered.</summary>
    public Task ForgetUploadsAsync(Timestamp before)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from uploads where expires_at < {before} and received < 0");
        return db.WriteAsync(batch);
    }

    public Task<bool> HasUploadAsync(string id, CancellationToken ct) =>
        db.FirstAsync($"select 1 from uploads where id = {id} and received >= 0", _ => true, ct);

    /// <summary>Uploads older than this that no message names. Looked for beside the writer, so many at a time.</summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListUnnamedAsync(Timestamp before, int most, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select m.user_id, m.id from media m where m.created_at < {before} and not exists (
              select 1 from message_media mm where mm.user_id = m.user_id and mm.media_id = m.id)
            limit {(long)most}
            """, row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>Removes those that still no message names.</summary>
    public async Task DeleteUnnamedAsync(IEnumerable<(string UserId, string Id)> media)
    {
        var batch = new WriteBatch();
        var locked = media.OrderBy(x => x.Id, StringComparer.Ordinal).ToList();
        foreach (var (user, id) in locked) // a message that names one and commits meanwhile is then seen by the delete
            batch.Lock($"select 1 from media where user_id = {user} and id = {id}");
        foreach (var (user, id) in locked)
            batch.Execute($"""
                delete from media where user_id = {user} and id = {id} and not exists (
                  select 1 from message_media mm where mm.user_id = {user} and mm.media_id = {id})
                """);
        await db.WriteAsync(batch);
    }

    /// <summary>Blobs that nobody's upload refers to.</summary>
    public Task<IReadOnlyList<string>> ListOrphansAsync(int most, CancellationToken ct) =>
        db.ListAsync(
            $"select b.id from blobs b where not exists (select 1 from media m where m.blob_id = b.id) limit {(long)most}",
            row => row.GetString(0), ct);

    /// <summary>Removes the rows of those to which still nothing refers; these, after the commit, may be unlinked.</summary>
    public async Task<IReadOnlyList<string>> DeleteOrphansAsync(IEnumerable<string> blobs)
    {
        var batch = new WriteBatch();
        // Locked first, in order: an upload of the same bytes that commits meanwhile is then seen by the delete.
        var ids = blobs.Order(StringComparer.Ordinal).ToList();
        foreach (var id in ids)
            batch.Lock($"select 1 from blobs where id = {id}");
        var steps = ids.Select(id => (Id: id, Step: batch.Execute(
            $"delete from blobs where id = {id} and not exists (select 1 from media m where m.blob_id = {id})"))).ToList();
        await db.WriteAsync(batch);
        return [.. steps.Where(x => x.Step.Changed == 1).Select(x => x.Id)];
    }

    static PartialUpload ReadUpload(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4), row.GetText(5),
        new(row.GetInt64(6)), row.GetString(7));

    static MediaFile Read(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetInt64(6),
        row.IsDBNull(7) ? null : (int)row.GetInt64(7), row.IsDBNull(8) ? null : (int)row.GetInt64(8), new(row.GetInt64(9)));
}
