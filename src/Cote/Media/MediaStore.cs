using System.Globalization;
using Cote.Events;

namespace Cote.Media;

/// <summary>What came of adding an upload.</summary>
enum AddMediaResult
{
    Done,

    /// <summary>Another upload of the same bytes was committed meanwhile: its blob is to be used.</summary>
    HashTaken,

    /// <summary>The blob that was known has been swept meanwhile.</summary>
    BlobGone,

    OverQuota,

    /// <summary>Another request has taken the resumable upload, or has finished it.</summary>
    Superseded,
}

/// <summary>All SQL of uploads and of their blobs, and what a message's own statements need of it.</summary>
sealed partial class MediaStore(Database db)
{
    const string KeptBefore = "media-kept-before";

    static readonly Sql All = $"""
        m.user_id, m.id, m.blob_id, b.sha256, m.name, m.content_type, m.size, m.width, m.height, m.duration, m.created_at
        """;

    /// <summary>
    /// Adds an upload: with <paramref name="withBlob"/> also the row of its blob, else beside the uploads that share
    /// it. The quota is checked in the same statement, so that uploads that end together do not both fit.
    /// </summary>
    public async Task<AddMediaResult> AddAsync(MediaFile file, bool withBlob, PartialUpload? upload, long quota)
    {
        Sql used = $"(select cast(coalesce(sum(size), 0) as bigint) from media where user_id = {file.UserId})";
        Sql held = $"true";
        if (upload is not null)
            held = $"exists (select 1 from uploads where {UploadStore.IsHeld(upload)})";
        Sql fits = $"{used} + {file.Size} <= {quota} and {held}";
        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {file.UserId}");
        // Locks the row: a request that takes the upload meanwhile waits, and then finds what became of it.
        var fence = upload is null ? null
            : batch.Execute($"update uploads set holder = holder where {UploadStore.IsHeld(upload)}");
        // Locks the blob, where there is one: a sweep that is deleting it is waited for, and then it is not found.
        batch.Lock($"select 1 from blobs b where {IsOf(file.Sha256)}");
        var before = batch.Query($"select {used}", row => row.GetInt64(0));
        if (withBlob)
            batch.Execute($"""
                insert into blobs (id, sha256, size, created_at)
                select {file.BlobId}, {file.Sha256}, {file.Size}, {file.CreatedAt} where {fits}
                """);
        var added = batch.Execute($"""
            insert into media (user_id, id, blob_id, name, content_type, size, width, height, duration, created_at)
            select {file.UserId}, {file.Id}, b.id, {file.Name}, {file.ContentType}, {file.Size}, {file.Width},
              {file.Height}, {file.Duration}, {file.CreatedAt}
            from blobs b where {IsOf(file.Sha256)} and {fits}
            """);
        if (upload is not null)
            batch.Execute($"""
                update uploads set media_id = {file.Id} where {UploadStore.IsHeld(upload)}
                  and exists (select 1 from media where user_id = {file.UserId} and id = {file.Id})
                """);
        return await db.WriteAsync(batch) == Outcome.Conflict ? AddMediaResult.HashTaken
            : added.Changed == 1 ? AddMediaResult.Done
            : fence is { Changed: 0 } ? AddMediaResult.Superseded
            : before.First + file.Size > quota ? AddMediaResult.OverQuota
            : AddMediaResult.BlobGone;
    }

    public Task<bool> HasBlobAsync(string sha256, CancellationToken ct) =>
        db.FirstAsync($"select 1 from blobs b where {IsOf(sha256)}", _ => true, ct);

    // What was made of somebody's upload is never shared.
    static Sql IsOf(string sha256) => $"b.sha256 = {sha256} and b.derived = 0";

    /// <summary>The ids among these that no blob has, nor an import that waits for its file.</summary>
    public async Task<IEnumerable<string>> ListUnknownAsync(IReadOnlyList<string> ids, CancellationToken ct) =>
        ids.Except(await db.ListAsync(
            $"""
            select id from blobs where id {db.Dialect.In(ids)}
            union all select file_id from imports where file_id {db.Dialect.In(ids)}
            """, row => row.GetString(0), ct));

    /// <summary>
    /// Notes that bytes made before this moment may belong to the database that a backup was made of: a restored copy
    /// does not know the uploads that came after the backup.
    /// </summary>
    public static void KeepBefore(WriteBatch batch, Timestamp at) => batch.Execute($"""
        insert into meta (key, value) values ({KeptBefore}, {at.Milliseconds.ToString(CultureInfo.InvariantCulture)})
        on conflict (key) do update set value = excluded.value
        """);

    /// <summary>The moment of <see cref="KeepBefore"/>; 0 where the database was never restored.</summary>
    public async Task<long> KeptBeforeAsync(CancellationToken ct) =>
        await db.FirstAsync($"select value from meta where key = {KeptBefore}", row => row.GetString(0), ct) is { } at
            ? long.Parse(at, CultureInfo.InvariantCulture) : 0;

    /// <summary>How many bytes a user has, the full length of unfinished resumable uploads included.</summary>
    public Task<long> UsedAsync(string userId, Timestamp now, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select cast((select coalesce(sum(size), 0) from media where user_id = {userId})
              + (select coalesce(sum(length), 0) from uploads
                where user_id = {userId} and media_id is null and expires_at > {now}) as bigint)
            """, row => row.GetInt64(0), ct);

    public Task<MediaFile?> FindAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync(
            $"select {All} from media m join blobs b on b.id = m.blob_id where m.user_id = {userId} and m.id = {id}",
            Read, ct);

    /// <summary>An upload of any user: only for a request with a valid signature.</summary>
    public Task<MediaFile?> FindSignedAsync(string id, CancellationToken ct) =>
        db.FirstAsync($"select {All} from media m join blobs b on b.id = m.blob_id where m.id = {id}", Read, ct);

    /// <summary>The uploads among these that belong to the user.</summary>
    public async Task<IReadOnlyList<MediaFile>> ListAsync(string userId, IEnumerable<string> ids, CancellationToken ct)
    {
        var any = ids.ToList();
        return any.Count == 0 ? [] : await db.ListAsync(
            $"""
            select {All} from media m join blobs b on b.id = m.blob_id
            where m.user_id = {userId} and m.id {db.Dialect.In(any)}
            """, Read, ct);
    }

    /// <summary>The uploads that the messages of a chat name.</summary>
    public Task<IReadOnlyList<MediaFile>> ListOfChatAsync(string userId, string chatId, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select {All} from media m join blobs b on b.id = m.blob_id
            where m.user_id = {userId} and m.id in (
              select mm.media_id from message_media mm where mm.user_id = {userId} and mm.chat_id = {chatId})
            order by m.id
            """, Read, ct);

    /// <summary>All uploads of a user, oldest first, from the one after <paramref name="after"/> on.</summary>
    public Task<IReadOnlyList<MediaFile>> ListAllAsync(string userId, string after, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select {All} from media m join blobs b on b.id = m.blob_id
            where m.user_id = {userId} and m.id > {after} order by m.id limit {limit}
            """, Read, ct);

    /// <summary>The guard of a message that references an upload: it exists, and it belongs to the user.</summary>
    public static Sql Owns(string userId, string id) =>
        $"exists (select 1 from media where user_id = {userId} and id = {id})";

    /// <summary>
    /// The column <c>media</c> of a message <c>m</c> by the uploads that are named by it, where there are some: their
    /// paths as JSON.
    /// </summary>
    public static Sql NamedBy(Sql m) => $"""
        coalesce((
          select '["' || string_agg({MediaLinks.Prefix} || mm.media_id, '","' order by mm.place) || '"]'
          from message_media mm where mm.user_id = {m}.user_id and mm.message_id = {m}.id), {m}.media)
        """;

    // Names hold no control characters.
    const char FieldEnd = '\u001F';
    const char RowEnd = '\u001E';

    /// <summary>
    /// What a message <c>m</c> shows of the uploads that it names, as <see cref="ReadInfos"/> takes it; null where it
    /// names none.
    /// </summary>
    public static Sql InfosOf(Sql m) => $"""
        case when {m}.media <> '[]' then (
          select string_agg(f.id || {Unit} || f.name || {Unit} || f.content_type || {Unit} || cast(f.size as text) || {Unit}
            || coalesce(cast(f.width as text), '') || {Unit} || coalesce(cast(f.height as text), '') || {Unit}
            || coalesce(cast(f.duration as text), ''), {RowUnit} order by mm.place)
          from message_media mm join media f on f.user_id = mm.user_id and f.id = mm.media_id
          where mm.user_id = {m}.user_id and mm.message_id = {m}.id) end
        """;

    static readonly Sql Unit = $"'\u001F'";
    static readonly Sql RowUnit = $"'\u001E'";

    /// <summary>The uploads of a message, with their paths as URLs.</summary>
    public static IReadOnlyList<MediaInfo> ReadInfos(string? column) =>
        column is null ? [] : [.. column.Split(RowEnd).Select(ReadInfo)];

    static MediaInfo ReadInfo(string row)
    {
        var fields = row.Split(FieldEnd);
        return new(
            fields[0], MediaLinks.PathOf(fields[0]), fields[1], fields[2], NumberOf(fields[3]) ?? 0,
            (int?)NumberOf(fields[4]), (int?)NumberOf(fields[5]), MediaInfo.SecondsOf(NumberOf(fields[6])));
    }

    static long? NumberOf(string field) => field.Length == 0 ? null : long.Parse(field, CultureInfo.InvariantCulture);

    /// <summary>Adds the references of a message: while they stand, its uploads are not swept.</summary>
    public static void Name(EventTransaction transaction, string chatId, string messageId, IReadOnlyList<string> ids)
    {
        for (var i = 0; i < ids.Count; i++)
            transaction.Execute($"""
                insert into message_media (user_id, message_id, place, chat_id, media_id)
                select {transaction.UserId}, {messageId}, {(long)i}, {chatId}, {ids[i]} from {transaction.Locked}
                on conflict (user_id, message_id, place) do nothing
                """);
    }

    /// <summary>
    /// The same for a message that the batch has inserted, if it has: an upload that was swept meanwhile is left out.
    /// </summary>
    public static void NameKept(
        WriteBatch batch, string userId, string chatId, string messageId, IReadOnlyList<string> ids)
    {
        for (var i = 0; i < ids.Count; i++)
            batch.Execute($"""
                insert into message_media (user_id, message_id, place, chat_id, media_id)
                select m.user_id, m.id, {(long)i}, m.chat_id, f.id
                from messages m join media f on f.user_id = m.user_id and f.id = {ids[i]}
                where m.user_id = {userId} and m.id = {messageId} and m.chat_id = {chatId}
                """);
    }

    /// <summary>Deletes the references of a deleted message.</summary>
    public static void Release(EventTransaction transaction, string messageId) => transaction.Execute($"""
        delete from message_media where user_id = {transaction.UserId} and message_id = {messageId}
          and exists (select 1 from {transaction.Locked})
        """);

    /// <summary>Deletes references of messages in chats that were deleted since, at most so many rows.</summary>
    public static Statement ReleaseOfDeletedChats(WriteBatch batch, Timestamp since, int most) => batch.Execute($"""
        delete from message_media where (user_id, message_id, place) in (
          select mm.user_id, mm.message_id, mm.place from chats c
          join message_media mm on mm.user_id = c.user_id and mm.chat_id = c.id
          where c.deleted_at >= {since} and c.importing is null limit {(long)most})
        """);

    static MediaFile Read(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
        row.GetInt64(6), (int?)row.GetInt64OrNull(7), (int?)row.GetInt64OrNull(8), row.GetInt64OrNull(9),
        new(row.GetInt64(10)));
}
