using System.Text.Json;

namespace Cote.Chats;

/// <summary>
/// The place of a message among its siblings: those with the same parent and the same sender, by <c>seq</c>, open
/// replies included.
/// </summary>
/// <param name="Index">Its place, from 1.</param>
/// <param name="Count">How many there are, at least two.</param>
/// <param name="Previous">The id of the one before it, or null.</param>
/// <param name="Next">The id of the one after it, or null.</param>
sealed record Siblings(long Index, long Count, string? Previous, string? Next);

/// <summary>Where a message stands in the tree of its chat, as of the moment of reading.</summary>
/// <param name="ParentId">The message before it on its path; null at a beginning.</param>
/// <param name="OnPath">False beside the active path, else null.</param>
/// <param name="Siblings">Null where it is alone.</param>
sealed record TreePlace(string? ParentId, bool? OnPath = null, Siblings? Siblings = null)
{
    /// <summary>How many columns <see cref="ColumnsOf"/> has.</summary>
    public const int Width = 6;

    /// <summary>
    /// The columns of the place of <paramref name="m"/>, an alias of <c>messages</c>, where <c>c</c> is its chat.
    /// Siblings are looked up only in chats that were ever branched, and stored nowhere.
    /// </summary>
    public static Sql ColumnsOf(Sql m)
    {
        Sql siblings = $"""
            from messages s where s.user_id = {m}.user_id and s.chat_id = {m}.chat_id and s.parent_id = {m}.parent_id
              and s.sender = {m}.sender and s.deleted_at is null
            """;
        return $"""
            {m}.parent_id, {m}.on_path,
            case when c.is_branched = 1 then (select count(*) {siblings} and s.seq <= {m}.seq) else 1 end,
            case when c.is_branched = 1 then (select count(*) {siblings}) else 1 end,
            case when c.is_branched = 1 then (
              select s.id {siblings} and s.seq < {m}.seq order by s.seq desc limit 1) end,
            case when c.is_branched = 1 then (select s.id {siblings} and s.seq > {m}.seq order by s.seq limit 1) end
            """;
    }

    /// <summary>The same columns where nobody looks for siblings.</summary>
    public static Sql Alone(Sql m) => $"{m}.parent_id, {m}.on_path, cast(1 as bigint), cast(1 as bigint), cast(null as text), cast(null as text)";

    public static TreePlace Read(Row row, int at) => new(
        row.GetString(at) is { Length: > 0 } parent ? parent : null,
        row.GetInt64(at + 1) == 0 ? false : null,
        row.GetInt64(at + 3) > 1
            ? new(row.GetInt64(at + 2), row.GetInt64(at + 3), row.GetStringOrNull(at + 4), row.GetStringOrNull(at + 5))
            : null);

    /// <summary>Writes the fields that a message has of it.</summary>
    public void WriteFields(Utf8JsonWriter data)
    {
        data.WriteString("parent_id"u8, ParentId);
        if (OnPath is { } onPath)
            data.WriteBoolean("on_path"u8, onPath);
        if (Siblings is null)
            return;
        data.WritePropertyName("siblings"u8);
        JsonSerializer.Serialize(data, Siblings, MessagesJson.Default.Siblings);
    }
}
