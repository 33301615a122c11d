namespace Cote.Media.Reading;

/// <summary>Something that was made of an upload, or cannot be.</summary>
/// <param name="Kind">One of <see cref="FormKinds"/>.</param>
/// <param name="Word">Why it cannot be made; null where it was.</param>
/// <param name="BlobId">Its bytes; null where there are none.</param>
/// <param name="ContentType">Their type.</param>
/// <param name="Size">Their number.</param>
/// <param name="Width">Of a picture, in pixels.</param>
/// <param name="Height">Of a picture, in pixels.</param>
sealed record MediaForm(
    string Kind, string? Word, string? BlobId, string ContentType, long Size, int? Width = null, int? Height = null);

/// <summary>The SQL of what was made of uploads.</summary>
sealed class MediaFormStore(Database db, Clock clock)
{
    /// <summary>How many bytes the forms of an upload may have together beyond its own.</summary>
    public const long MostBeyond = 4 * 1_048_576;

    /// <summary>All forms of an upload.</summary>
    public Task<IReadOnlyList<MediaForm>> ListAsync(string userId, string mediaId, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select kind, word, blob_id, content_type, size, width, height from media_forms
            where user_id = {userId} and media_id = {mediaId} order by kind
            """,
            row => new MediaForm(
                row.GetString(0), row.GetStringOrNull(1), row.GetStringOrNull(2), row.GetString(3), row.GetInt64(4),
                (int?)row.GetInt64OrNull(5), (int?)row.GetInt64OrNull(6)), ct);

    /// <summary>
    /// Adds a form, and the row of its blob; false, and nothing added, where the upload is gone, has a form of this
    /// kind, or has no room for it.
    /// </summary>
    /// <param name="file">The upload.</param>
    /// <param name="form">What was made of it.</param>
    /// <param name="sha256">Of its bytes.</param>
    public async Task<bool> AddAsync(MediaFile file, MediaForm form, string sha256)
    {
        Sql fits = $"""
            {form.Size} + coalesce((
              select sum(f.size) from media_forms f where f.user_id = m.user_id and f.media_id = m.id), 0)
              <= m.size + {MostBeyond}
            """;
        Sql room = $"""
            from media m where m.user_id = {file.UserId} and m.id = {file.Id} and {fits} and not exists (
              select 1 from media_forms f where f.user_id = m.user_id and f.media_id = m.id and f.kind = {form.Kind})
            """;
        var batch = new WriteBatch();
        // Two nodes may make the same at once, and a sweep may delete the upload.
        batch.Lock($"select 1 from media where user_id = {file.UserId} and id = {file.Id}");
        if (form.BlobId is not null)
            batch.Execute($"""
                insert into blobs (id, sha256, size, created_at, derived)
                select {form.BlobId}, {sha256}, {form.Size}, {clock.Now}, 1 {room}
                """);
        var added = batch.Execute($"""
            insert into media_forms (user_id, media_id, kind, word, blob_id, content_type, size, width, height, created_at)
            select m.user_id, m.id, {form.Kind}, {form.Word}, {form.BlobId}, {form.ContentType}, {form.Size},
              {(long?)form.Width}, {(long?)form.Height}, {clock.Now} {room}
            """);
        await db.WriteAsync(batch);
        return added.Changed == 1;
    }

    /// <summary>Deletes a form: the sweep deletes its bytes.</summary>
    public Task DeleteAsync(MediaFile file, string kind)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            delete from media_forms where user_id = {file.UserId} and media_id = {file.Id} and kind = {kind}
            """);
        return db.WriteAsync(batch);
    }
}
