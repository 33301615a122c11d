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
    public const int Width = 4;

    /// <summary>
    /// The columns of the place of <paramref name="m"/>, an alias of <c>messages</c>, where <c>c</c> is its chat.
    /// Siblings are looked up only in chats that were ever branched, and stored nowhere. They are one query: PostgreSQL
    /// prepares each for every statement, whether it runs or not.
    /// </summary>
    public static Sql ColumnsOf(Sql m) => $"""
        {m}.parent_id, {m}.on_path, {m}.id, case when c.is_branched = 1 then (
          select string_agg(s.id, ' ' order by s.seq) from messages s
          where s.user_id = {m}.user_id and s.chat_id = {m}.chat_id and s.parent_id = {m}.parent_id
            and s.sender = {m}.sender and s.deleted_at is null) end
        """;

    /// <summary>The same columns where nobody looks for siblings.</summary>
    public static Sql Alone(Sql m) => $"{m}.parent_id, {m}.on_path, {m}.id, cast(null as text)";

    public static TreePlace Read(Row row, int at) => new(
        row.GetString(at) is { Length: > 0 } parent ? parent : null,
        row.GetInt64(at + 1) == 0 ? false : null,
        row.GetStringOrNull(at + 3) is { } ids ? SiblingsIn(ids.Split(' '), row.GetString(at + 2)) : null);

    static Siblings? SiblingsIn(string[] ids, string id)
    {
        var at = Array.IndexOf(ids, id);
        return ids.Length < 2 || at < 0 ? null : new(
            at + 1, ids.Length, at > 0 ? ids[at - 1] : null, at + 1 < ids.Length ? ids[at + 1] : null);
    }

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
