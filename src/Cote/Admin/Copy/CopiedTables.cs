using Cote.Data;
using Cote.Media;

namespace Cote.Admin;

/// <summary>
/// The tables that <c>copy</c> copies, in an order that satisfies the foreign keys. A test compares them with the
/// schema of both engines: a new table must be added here, or to those that are left.
/// </summary>
static class CopiedTables
{
    public static readonly CopyTable Uploads =
        new("uploads", ["user_id", "id"], $"media_id is not null or received < 0");

    public static readonly IReadOnlyList<CopyTable> All =
    [
        // The target has an epoch and a schema of its own; the run and the probe belong to the embedded database.
        new("meta", ["key"],
            $"key not in ('epoch', 'schema_min', 'run', 'probe') and not {UnfinishedCopy.Keys} and not {SweepHold.IsHold}",
            isSeeded: true),
        new("counters", ["name"], isSeeded: true), new("users", ["id"]), new("heads", ["user_id"]),
        new("sessions", ["id"]), new("api_keys", ["id"]),
        new("mails", ["id"]), new("mail_codes", ["hash"]),
        new("spent_tokens", ["hash"]), new("tickets", ["hash"]), new("revocations", ["seq"]), new("audit", ["id"]),
        new("identities", ["issuer", "subject"]), new("forgotten_identities", ["hash"]),
        new("forgotten_usage", ["hash", "day"]), new("ended_keys", ["token_key"]), new("browser_logins", ["hash"]),
        new("login_codes", ["hash"]),
        new("chats", ["user_id", "id"]), new("messages", ["user_id", "id"]), new("events", ["user_id", "seq"]),
        new("chat_jobs", ["user_id", "id"]), new("shares", ["id"]),
        new("calls", ["user_id", "subject_id", "purpose", "attempt", "step"]), new("budgets", ["user_id"]),
        new("webhooks", ["id"]), new("webhook_endpoints", ["name"]),
        new("usage_sums", ["day", "model"]), new("repeated_calls", ["user_id", "route", "key"]),
        new("blobs", ["id"]), new("media", ["user_id", "id"]), new("media_forms", ["user_id", "media_id", "kind"]),
        new("message_media", ["user_id", "message_id", "place"]),
        new("message_parts", ["user_id", "message_id", "idx", "chunk"]),
        new("tool_calls", ["user_id", "reply_id", "step", "idx"]),
        new("devices", ["id"]), new("pushes", ["user_id", "message_id", "device_id"]),
        Uploads,
        // A file that is still to be imported is no upload, and is not copied: its import begins again.
        new("imports", ["user_id", "id"], $"state in ('done', 'failed')"),
        new("import_skips", ["user_id", "import_id", "item"], $"""
            exists (select 1 from imports i where i.user_id = import_skips.user_id and i.id = import_skips.import_id
              and i.state in ('done', 'failed'))
            """),
    ];

    /// <summary>
    /// The tables that are not copied: the record of migrations, the chunks of blobs (<see cref="CopyMedia"/> copies
    /// the bytes from any storage), the parts of unfinished uploads, which clients begin again, the nodes of a moment,
    /// and the search index, which the nodes of the target make anew.
    /// </summary>
    public static readonly IReadOnlyList<string> Left =
    [
        "migrations", "nodes", "blob_chunks", "upload_pieces", "search_documents", "search_marks", "search_lease",
        "search_index", "search_index_data", "search_index_idx", "search_index_config",
    ];
}
