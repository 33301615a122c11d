using System.Text.Json;

namespace Cote.Chats;

/// <summary>What of the parts of a reply stands in its rows.</summary>
/// <param name="Attempt">The attempt that made them.</param>
/// <param name="Rev">Their revision.</param>
/// <param name="Parts">Of each part: its revision, and the units of its text.</param>
sealed record SavedParts(long Attempt, long Rev, IReadOnlyList<(long Rev, int Length)> Parts)
{
    /// <summary>Nothing.</summary>
    public static readonly SavedParts None = new(0, 0, []);

    public static SavedParts Of(long attempt, ReplyParts parts) =>
        new(attempt, parts.Rev, [.. parts.Items.Select(x => (x.Rev, PartRows.TextOf(x.Part).Length))]);
}

/// <summary>The SQL that writes parts: only those that changed since the last write, and only the new end of a
/// thought.</summary>
static class PartRows
{
    /// <summary>The part of a tool call whose row holds everything of it.</summary>
    public const string StoredTool = """{"type":"tool"}""";

    /// <summary>Adds the statements that bring the rows of a reply up to date.</summary>
    /// <param name="execute">Adds a statement.</param>
    /// <param name="userId">The owner.</param>
    /// <param name="messageId">The reply.</param>
    /// <param name="source">What has one row where the write may happen, such as <c>messages where …</c>.</param>
    /// <param name="saved">What the rows hold.</param>
    /// <param name="attempt">The attempt that made what they are to hold.</param>
    /// <param name="parts">What they are to hold.</param>
    /// <param name="hasCalls">Whether the calls of tools have rows of their own.</param>
    public static void Write(
        Func<Sql, Statement> execute, string userId, string messageId, Sql source, SavedParts saved, long attempt,
        ReplyParts parts, bool hasCalls = true)
    {
        var isContinued = saved.Attempt == attempt;
        if (!isContinued && saved.Rev > 0)
            execute($"""
                delete from message_parts where user_id = {userId} and message_id = {messageId} and exists (select 1 from {source})
                """);
        foreach (var (index, item) in parts.Items.Index())
        {
            var (rev, length) = isContinued && index < saved.Parts.Count ? saved.Parts[index] : (0, 0);
            var text = TextOf(item.Part);
            var part = item.Part is ReasoningPart thought ? thought with { Text = null } : item.Part;
            if (item.Rev > rev || text.Length > length || index == saved.Parts.Count - 1)
                Upsert(index, 0, item.Rev, hasCalls && part is ToolPart ? StoredTool
                    : JsonSerializer.Serialize(part, WireJson.Part), "");
            if (text.Length > length)
                Upsert(index, length + 1, item.Rev, "null", text[length..]);
        }

        // A piece whose write got no answer is written again, longer and in the same place.
        void Upsert(int index, int chunk, long rev, string data, string text)
        {
            var json = JsonSerializer.Serialize(text, WireJson.Text);
            execute($"""
                insert into message_parts (user_id, message_id, idx, chunk, rev, data, text)
                select {userId}, {messageId}, {(long)index}, {(long)chunk}, {rev}, {data}, {json} from {source}
                on conflict (user_id, message_id, idx, chunk) do update set rev = {rev}, data = {data}, text = {json}
                """);
        }
    }

    /// <summary>The text that stands in rows of its own.</summary>
    public static string TextOf(Part part) => part is ReasoningPart { Text: { } text } ? text : "";
}
