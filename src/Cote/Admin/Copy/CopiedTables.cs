using Cote.Data;

namespace Cote.Admin;

/// <summary>
/// Every table that <c>copy</c> carries, in an order that no foreign key minds. A test holds it to the schema of both
/// engines: a table that is added later must be put here, or among those that are left.
/// </summary>
static class CopiedTables
{
    public static readonly CopyTable Uploads = new("uploads", ["user_id", "id"], $"media_id is not null or received < 0");

    public static readonly IReadOnlyList<CopyTable> All =
    [
        // The epoch is another one there; the run and the probe are of the embedded database.
        new("meta", ["key"], $"key not in ('epoch', 'run', 'probe') and not {UnfinishedCopy.Keys}"),
        new("counters", ["name"]), new("users", ["id"]), new("heads", ["user_id"]), new("sessions", ["id"]),
        new("spent_tokens", ["hash"]), new("tickets", ["hash"]), new("revocations", ["seq"]), new("audit", ["id"]),
        new("chats", ["user_id", "id"]), new("messages", ["user_id", "id"]), new("events", ["user_id", "seq"]),
        new("blobs", ["id"]), new("media", ["user_id", "id"]), new("message_media", ["user_id", "message_id", "place"]), Uploads,
    ];

    /// <summary>
    /// What stays: the schema's own record, chunks of blobs (their bytes are carried, wherever they lie), and the pieces of
    /// uploads that are not finished, which begin again.
    /// </summary>
    public static readonly IReadOnlyList<string> Left = ["migrations", "blob_chunks", "upload_pieces"];
}
