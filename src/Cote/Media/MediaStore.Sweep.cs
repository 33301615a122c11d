namespace Cote.Media;

// What nothing refers to any more.
sealed partial class MediaStore
{
    /// <summary>When the last upload of the slice after a moment was made; null where it is the last slice.</summary>
    public async Task<Timestamp?> EndOfUploadsAsync(Timestamp after, CancellationToken ct) =>
        await db.FirstAsync<long?>(
            $"select created_at from media where created_at > {after} order by created_at limit 1 offset {Slices.Rows - 1}",
            row => row.GetInt64(0), ct) is { } at ? new Timestamp(at) : null;

    /// <summary>
    /// Uploads after a moment, and up to another, that no message references, at most so many; a read beside the
    /// writer.
    /// </summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListUnreferencedAsync(
        Timestamp after, Timestamp last, int most, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select m.user_id, m.id from media m
            where m.created_at > {after} and m.created_at <= {last} and not exists (
              select 1 from message_media mm where mm.user_id = m.user_id and mm.media_id = m.id)
            limit {(long)most}
            """, row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>Deletes those of these uploads that still no message references.</summary>
    public async Task DeleteUnreferencedAsync(IEnumerable<(string UserId, string Id)> media)
    {
        var batch = new WriteBatch();
        var locked = media.OrderBy(x => x.Id, StringComparer.Ordinal).ToList();
        // A message that references one and commits meanwhile is then seen by the delete.
        foreach (var (user, id) in locked)
            batch.Lock($"select 1 from media where user_id = {user} and id = {id}");
        foreach (var (user, id) in locked)
            batch.Execute($"""
                delete from media where user_id = {user} and id = {id} and not exists (
                  select 1 from message_media mm where mm.user_id = {user} and mm.media_id = {id})
                """);
        await db.WriteAsync(batch);
    }

    // A blob of an upload, or of what was made of one.
    static readonly Sql IsOrphan = $"""
        not exists (select 1 from media m where m.blob_id = blobs.id)
        and not exists (select 1 from media_forms f where f.blob_id = blobs.id)
        """;

    /// <summary>The last blob of the slice after one; null where it is the last slice.</summary>
    public Task<string?> EndOfBlobsAsync(string after, CancellationToken ct) =>
        Slices.EndAsync(db, $"blobs", $"id", after, ct);

    /// <summary>
    /// Blobs after one, and up to another where one is named, that neither an upload nor a form of one refers to.
    /// </summary>
    public Task<IReadOnlyList<string>> ListOrphansAsync(
        string after, string? last, int most, CancellationToken ct) => db.ListAsync(
        $"""
        select id from blobs where {Slices.Holds($"id", after, last)} and {IsOrphan}
          and {SweepHold.IsFree(db.Dialect)} limit {(long)most}
        """, row => row.GetString(0), ct);

    /// <summary>
    /// Deletes the rows of those blobs to which still nothing refers, and returns them: their bytes may go.
    /// </summary>
    public async Task<IReadOnlyList<string>> DeleteOrphansAsync(IEnumerable<string> blobs)
    {
        var batch = new WriteBatch();
        SweepHold.Lock(batch);
        // The locks come first, in order: an upload of the same bytes that commits meanwhile is then seen by the
        // delete.
        var ids = blobs.Order(StringComparer.Ordinal).ToList();
        foreach (var id in ids)
            batch.Lock($"select 1 from blobs where id = {id}");
        var free = SweepHold.IsFree(db.Dialect);
        var steps = ids
            .Select(id => (Id: id, Step: batch.Execute($"delete from blobs where id = {id} and {IsOrphan} and {free}")))
            .ToList();
        await db.WriteAsync(batch);
        return [.. steps.Where(x => x.Step.Changed == 1).Select(x => x.Id)];
    }
}
