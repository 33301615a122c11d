using System.Data.Common;
using Cote.Data;
using Cote.Events;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>What came of keeping an upload.</summary>
enum Kept
{
    Done,

    /// <summary>Somebody's upload of the same bytes was committed meanwhile: theirs is to be used.</summary>
    HashTaken,

    /// <summary>The bytes that were known are swept by now.</summary>
    BlobGone,

    OverQuota,
}

/// <summary>An upload that comes in pieces. <paramref name="Received"/> is what is on disk for certain.</summary>
sealed record PartialUpload(
    string UserId, string Id, long Length, long Received, string Name, string? MediaId, Timestamp ExpiresAt);

/// <summary>All SQL of uploads, and the pieces of it that a message's own statements are made with.</summary>
sealed class MediaStore(Database db)
{
    const int MostOpenUploads = 100;

    static readonly Sql All = $"""
        m.user_id, m.id, m.blob_id, b.sha256, m.name, m.content_type, m.size, m.width, m.height, m.created_at
        """;

    /// <summary>
    /// Keeps an upload: with <paramref name="withBlob"/> as the first of its bytes, else beside those that are there.
    /// The quota is held in the same statement, so that uploads that end together do not both fit.
    /// </summary>
    public async Task<Kept> AddAsync(MediaFile file, bool withBlob, string? uploadId, long quota)
    {
        Sql used = $"(select coalesce(sum(size), 0) from media where user_id = {file.UserId})";
        Sql fits = $"{used} + {file.Size} <= {quota}";
        var unit = new Unit();
        unit.Lock($"select 1 from users where id = {file.UserId}");
        var before = unit.Fetch($"select {used}", row => row.GetInt64(0));
        if (withBlob)
            unit.Do($"""
                insert into blobs (id, sha256, size, created_at)
                select {file.BlobId}, {file.Sha256}, {file.Size}, {file.CreatedAt} where {fits}
                """);
        var added = unit.Do($"""
            insert into media (user_id, id, blob_id, name, content_type, size, width, height, created_at)
            select {file.UserId}, {file.Id}, b.id, {file.Name}, {file.ContentType}, {file.Size}, {file.Width}, {file.Height},
              {file.CreatedAt}
            from blobs b where b.sha256 = {file.Sha256} and {fits}
            """);
        if (uploadId is not null)
            unit.Do($"""
                update uploads set media_id = {file.Id} where user_id = {file.UserId} and id = {uploadId}
                  and exists (select 1 from media where user_id = {file.UserId} and id = {file.Id})
                """);
        return await db.WriteAsync(unit) == Outcome.Conflict ? Kept.HashTaken
            : added.Changed == 1 ? Kept.Done
            : before.First + file.Size > quota ? Kept.OverQuota
            : Kept.BlobGone;
    }

    public Task<bool> HasBlobAsync(string sha256, CancellationToken ct) =>
        db.FirstAsync($"select 1 from blobs where sha256 = {sha256}", _ => true, ct);

    public Task<bool> HasBlobIdAsync(string id, CancellationToken ct) =>
        db.FirstAsync($"select 1 from blobs where id = {id}", _ => true, ct);

    /// <summary>How much a user has, what is promised to uploads under way included.</summary>
    public Task<long> UsedAsync(string userId, Timestamp now, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select (select coalesce(sum(size), 0) from media where user_id = {userId})
              + (select coalesce(sum(length), 0) from uploads where user_id = {userId} and media_id is null and expires_at > {now})
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
        Sql? any = null;
        foreach (var id in ids.Distinct())
            any = any is null ? One(id) : $"{any}, {id}";
        static Sql One(string id) => $"{id}";
        return any is null ? [] : await db.ListAsync(
            $"select {All} from media m join blobs b on b.id = m.blob_id where m.user_id = {userId} and m.id in ({any})", Read, ct);
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
    public static void Name(Change change, string chatId, string messageId, IReadOnlyList<string> ids)
    {
        for (var i = 0; i < ids.Count; i++)
            change.Do($"""
                insert into message_media (user_id, message_id, place, chat_id, media_id)
                select {change.UserId}, {messageId}, {(long)i}, {chatId}, {ids[i]} from {change.Locked}
                """);
    }

    /// <summary>A message is deleted, and names nothing any more.</summary>
    public static void Release(Change change, string messageId) => change.Do($"""
        delete from message_media where user_id = {change.UserId} and message_id = {messageId}
          and exists (select 1 from {change.Locked})
        """);

    /// <summary>What the messages of deleted chats name, so many rows at a time.</summary>
    public static Step ReleaseOfDeletedChats(Unit unit, int most) => unit.Do($"""
        delete from message_media where (user_id, message_id, place) in (
          select mm.user_id, mm.message_id, mm.place from chats c
          join message_media mm on mm.user_id = c.user_id and mm.chat_id = c.id
          where c.deleted_at is not null limit {(long)most})
        """);

    /// <summary>Begins an upload in pieces; false where it would pass the quota, or where too many are open.</summary>
    public async Task<bool> AddUploadAsync(PartialUpload upload, long quota, Timestamp now)
    {
        Sql open = $"from uploads where user_id = {upload.UserId} and media_id is null and expires_at > {now}";
        var unit = new Unit();
        unit.Lock($"select 1 from users where id = {upload.UserId}");
        var added = unit.Do($"""
            insert into uploads (user_id, id, length, received, name, created_at, expires_at)
            select {upload.UserId}, {upload.Id}, {upload.Length}, {upload.Received}, {upload.Name}, {now}, {upload.ExpiresAt}
            where (select count(*) {open}) < {(long)MostOpenUploads}
              and (select coalesce(sum(size), 0) from media where user_id = {upload.UserId})
                + (select coalesce(sum(length), 0) {open}) + {upload.Length} <= {quota}
            """);
        await db.WriteAsync(unit);
        return added.Changed == 1;
    }

    public Task<PartialUpload?> FindUploadAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync(
            $"select user_id, id, length, received, name, media_id, expires_at from uploads where user_id = {userId} and id = {id}",
            row => new PartialUpload(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4),
                row.IsDBNull(5) ? null : row.GetString(5), new(row.GetInt64(6))), ct);

    /// <summary>So much of an upload is on disk.</summary>
    public Task SetReceivedAsync(PartialUpload upload, long received)
    {
        var unit = new Unit();
        unit.Do($"""
            update uploads set received = {received}
            where user_id = {upload.UserId} and id = {upload.Id} and received >= 0 and received < {received}
            """);
        return db.WriteAsync(unit);
    }

    public Task DeleteUploadAsync(string userId, string id)
    {
        var unit = new Unit();
        unit.Do($"delete from uploads where user_id = {userId} and id = {id}");
        return db.WriteAsync(unit);
    }

    /// <summary>Uploads that were not finished in time and whose file is still there.</summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListExpiredUploadsAsync(Timestamp now, int most, CancellationToken ct) =>
        db.ListAsync($"select user_id, id from uploads where expires_at <= {now} and received >= 0 limit {(long)most}",
            row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>Their files are gone; the rows stay for a while, to answer that they came too late.</summary>
    public Task ForgetUploadsAsync(IEnumerable<(string UserId, string Id)> uploads, Timestamp before)
    {
        var unit = new Unit();
        foreach (var (user, id) in uploads)
            unit.Do($"update uploads set received = -1 where user_id = {user} and id = {id}");
        unit.Do($"delete from uploads where expires_at < {before}");
        return db.WriteAsync(unit);
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
        var unit = new Unit();
        foreach (var (user, id) in media)
            unit.Do($"""
                delete from media where user_id = {user} and id = {id} and not exists (
                  select 1 from message_media mm where mm.user_id = {user} and mm.media_id = {id})
                """);
        await db.WriteAsync(unit);
    }

    /// <summary>Blobs that nobody's upload refers to.</summary>
    public Task<IReadOnlyList<string>> ListOrphansAsync(int most, CancellationToken ct) =>
        db.ListAsync(
            $"select b.id from blobs b where not exists (select 1 from media m where m.blob_id = b.id) limit {(long)most}",
            row => row.GetString(0), ct);

    /// <summary>Removes the rows of those to which still nothing refers; these, after the commit, may be unlinked.</summary>
    public async Task<IReadOnlyList<string>> DeleteOrphansAsync(IEnumerable<string> blobs)
    {
        var unit = new Unit();
        var steps = blobs.Select(id => (Id: id, Step: unit.Do(
            $"delete from blobs where id = {id} and not exists (select 1 from media m where m.blob_id = {id})"))).ToList();
        await db.WriteAsync(unit);
        return [.. steps.Where(x => x.Step.Changed == 1).Select(x => x.Id)];
    }

    static MediaFile Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetInt64(6),
        row.IsDBNull(7) ? null : (int)row.GetInt64(7), row.IsDBNull(8) ? null : (int)row.GetInt64(8), new(row.GetInt64(9)));
}
