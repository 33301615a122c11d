namespace Cote.Scale;

/// <summary>What is written in its place when a row of a template becomes a row of somebody else.</summary>
enum Becomes
{
    /// <summary>The same.</summary>
    Same,

    /// <summary>Another id of the same moment of another person.</summary>
    Id,

    /// <summary>The same moment of the day, moved by the person's own shift.</summary>
    Time,

    /// <summary>A time that the product took from the database's clock: it is moved back to its day first.</summary>
    DatabaseTime,

    /// <summary>Another hash.</summary>
    Hash,

    /// <summary>The same text with the person's number before it.</summary>
    Name,

    /// <summary>An expression of its own.</summary>
    Own,
}

/// <summary>A table of which a person has rows.</summary>
/// <param name="Name">The table.</param>
/// <param name="Owner">An expression on its row <c>x</c>: whose it is.</param>
/// <param name="Key">Its primary key.</param>
sealed record PersonalTable(string Name, string Owner, params string[] Key);

/// <summary>The tables that are copied, in the order in which rows refer to each other, and their columns.</summary>
static class Tables
{
    public const string Documents = "search_documents";
    public const string Marks = "search_marks";

    /// <summary>
    /// The tables of one person. A table that is not here is empty in the simulation, or the server's.
    /// </summary>
    public static readonly IReadOnlyList<PersonalTable> All =
    [
        new("users", "x.id", "id"),
        new("heads", "x.user_id", "user_id"),
        new(Marks, "x.user_id", "user_id"),
        new("sessions", "x.user_id", "id"),
        new("spent_tokens", "(select s.user_id from sessions s where s.id = x.session_id)", "hash"),
        new("chats", "x.user_id", "user_id", "id"),
        new("messages", "x.user_id", "user_id", "id"),
        new("blobs", "(select m.user_id from media m where m.blob_id = x.id limit 1)", "id"),
        new("media", "x.user_id", "user_id", "id"),
        new("message_media", "x.user_id", "user_id", "message_id", "place"),
        new("message_parts", "x.user_id", "user_id", "message_id", "idx", "chunk"),
        new("calls", "x.user_id", "user_id", "subject_id", "purpose", "attempt", "step"),
        new("events", "x.user_id", "user_id", "seq"),
        new("audit", "x.user_id", "id"),
        new(Documents, "x.user_id", "id"),
    ];

    static readonly HashSet<string> Ids =
    [
        "id", "user_id", "chat_id", "message_id", "reply_id", "reply_to_id", "parent_id", "leaf_id", "session_id",
        "subject_id", "media_id", "blob_id", "title_reply_id", "unit", "actor", "owner",
    ];

    static readonly HashSet<string> Times =
    [
        "created_at", "last_message_time", "timestamp", "at", "expires_at", "last_seen_at", "revoked_at", "deleted_at",
        "erased_at",
    ];

    static readonly HashSet<string> DatabaseTimes =
        ["calls.at", "calls.until", "sessions.rotated_at", "messages.lease_until"];

    /// <summary>What becomes of a column.</summary>
    public static Becomes Of(string table, string column) =>
        (table, column) is (Documents, "id" or "terms") or (Marks, "number") or ("calls", "day" or "month")
            ? Becomes.Own
            : DatabaseTimes.Contains($"{table}.{column}") ? Becomes.DatabaseTime
            : column is "refresh_hash" or "parent_hash" or "hash" or "sha256" ? Becomes.Hash
            : column is "username" or "username_key" or "email" or "email_key" ? Becomes.Name
            : Ids.Contains(column) ? Becomes.Id
            : Times.Contains(column) ? Becomes.Time
            : Becomes.Same;

    /// <summary>The value of a column for a person <c>p</c>, of the recorded row <c>r</c>.</summary>
    public static string Value(string table, string column) => Of(table, column) switch
    {
        Becomes.Id => $"scale.id(r.{column}, p.n, p.shift)",
        Becomes.Time => $"case when r.{column} = 0 then 0 else r.{column} + p.shift end",
        // A lease of its own mark is below zero, and no time.
        Becomes.DatabaseTime => $"case when r.{column} <= 0 then r.{column} else r.{column} - r.lag + p.shift end",
        Becomes.Hash => $"md5(r.{column} || p.n) || md5(p.n || r.{column})",
        Becomes.Name => $"p.n || r.{column}",
        Becomes.Own => OwnValue(table, column),
        _ => $"r.{column}",
    };

    // A document's id is its moment and twelve bits by chance; its terms begin with the short name of their user.
    static string OwnValue(string table, string column) => (table, column) switch
    {
        (Documents, "id") =>
            "((r.id >> 12) + p.shift) * 4096 + abs(hashtext(r.message_id || r.chat_id || p.n) % 4096)",
        (Documents, "terms") => "scale.terms(r.terms, p.template_number, p.number)",
        (Marks, "number") => "p.number",
        ("calls", "day") => "(r.at - r.lag + p.shift) / 86400000",
        ("calls", "month") => """
            cast(to_char(to_timestamp((r.at - r.lag + p.shift) / 1000.0) at time zone 'UTC', 'YYYYMM') as bigint)
            """,
        _ => throw new InvalidOperationException($"{table}.{column} has no value of its own."),
    };
}
