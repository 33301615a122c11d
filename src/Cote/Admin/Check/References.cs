namespace Cote.Admin;

/// <summary>
/// Which row belongs to which. Foreign keys hold most of them; a database that was repaired by hand, or copied while it
/// was written, need not keep to them.
/// </summary>
static class References
{
    /// <summary>A reference of a table; columns that are null refer to nothing.</summary>
    public sealed record Reference(string Table, string[] Columns, string To, string[] Keys);

    static readonly string[] UserId = ["user_id"];
    static readonly string[] Id = ["id"];

    public static readonly IReadOnlyList<Reference> All =
    [
        .. new[]
        {
            "heads", "sessions", "api_keys", "mails", "mail_codes", "identities", "login_codes", "chats", "media",
            "uploads", "imports", "calls", "chat_jobs", "search_marks", "repeated_calls", "devices",
        }.Select(x => new Reference(x, UserId, "users", Id)),
        new("users", Id, "heads", UserId), new("events", UserId, "heads", UserId),
        new("messages", ["user_id", "chat_id"], "chats", ["user_id", "id"]),
        new("events", ["user_id", "chat_id"], "chats", ["user_id", "id"]), // a chat that is deleted keeps its row
        new("shares", ["user_id", "chat_id"], "chats", ["user_id", "id"]),
        new("message_media", ["user_id", "message_id"], "messages", ["user_id", "id"]),
        new("message_media", ["user_id", "media_id"], "media", ["user_id", "id"]),
        new("message_parts", ["user_id", "message_id"], "messages", ["user_id", "id"]),
        new("tool_calls", ["user_id", "reply_id"], "messages", ["user_id", "id"]),
        new("media", ["blob_id"], "blobs", Id), new("media_forms", ["blob_id"], "blobs", Id),
        new("media_forms", ["user_id", "media_id"], "media", ["user_id", "id"]),
        new("import_skips", ["user_id", "import_id"], "imports", ["user_id", "id"]),
        new("spent_tokens", ["session_id"], "sessions", Id), new("tickets", ["session_id"], "sessions", Id),
        new("tickets", ["key_id"], "api_keys", Id),
        new("devices", ["session_id"], "sessions", Id), new("pushes", ["device_id"], "devices", Id),
        new("pushes", ["user_id", "message_id"], "messages", ["user_id", "id"]),
    ];

    /// <summary>The tables with rows of a user that refer to nothing that must be there.</summary>
    public static readonly IReadOnlyDictionary<string, string> NotChecked = new Dictionary<string, string>
    {
        ["audit"] = "It outlives the account.",
        ["webhooks"] = "That an account was erased is told after its row is gone.",
        ["upload_pieces"] = "Those without an upload are swept.",
        ["search_documents"] = "An index that is made anew, and an erasure, begin with the mark.",
        ["users"] = "It is what the others refer to.",
        ["budgets"] = "A row without a user is the installation's; the ledger's check reads it.",
    };

    /// <summary>The tables whose references are checked.</summary>
    public static IReadOnlySet<string> Tables => All.Select(x => x.Table).ToHashSet();

    /// <summary>A check for each; the rows are named by their keys.</summary>
    public static IEnumerable<RowCheck> Checks(IReadOnlyDictionary<string, IReadOnlyList<string>> keys) =>
        All.Select(x => CheckOf(x, keys.GetValueOrDefault(x.Table, x.Columns)));

    static RowCheck CheckOf(Reference reference, IReadOnlyList<string> key)
    {
        var name = Joined(key.Select(x => (Sql)$"cast(x.{Sql.Names(x)} as text)"), $" || ' ' || ");
        var isSet = Joined(reference.Columns.Select(x => (Sql)$"x.{Sql.Names(x)} is not null"), $" and ");
        var equal = Joined(
            reference.Columns.Zip(reference.Keys, (a, b) => (Sql)$"p.{Sql.Names(b)} = x.{Sql.Names(a)}"), $" and ");
        var what = string.Join(", ", reference.Columns);
        return new("rows", $"""
            select {name} from {Sql.Names(reference.Table)} x
            where {isSet} and not exists (select 1 from {Sql.Names(reference.To)} p where {equal})
            """,
            $"{reference.Table} {{0}}: {what} names a row of {reference.To} that is not there. "
            + "Delete the row, or restore a backup.");
    }

    static Sql Joined(IEnumerable<Sql> parts, Sql between) =>
        parts.Aggregate((a, b) => $"{a}{between}{b}");
}
