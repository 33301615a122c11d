using System.Text.Json;
using Cote.Chats;

namespace Cote.Replies;

/// <summary>What of the parts of a reply stands in its rows.</summary>
/// <param name="Attempt">The attempt that made them.</param>
/// <param name="Rev">Their revision.</param>
/// <param name="Parts">Of each part: its revision, and the units of its text.</param>
sealed record SavedParts(long Attempt, long Rev, IReadOnlyList<(long Rev, int Length)> Parts)
{
    public static SavedParts Of(ReplyText text) => new(
        text.Attempt, text.Parts.Rev, [.. text.Parts.Items.Select(x => (x.Rev, PartRows.TextOf(x.Part).Length))]);
}

/// <summary>The SQL that writes parts: only those that changed since the last write, and only the new end of a
/// thought.</summary>
static class PartRows
{
    /// <summary>Adds the statements that bring the rows of a reply up to date.</summary>
    /// <param name="execute">Adds a statement.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="source">What has one row where the write may happen, such as <c>messages where …</c>.</param>
    /// <param name="saved">What the rows hold.</param>
    /// <param name="now">What they are to hold.</param>
    public static void Write(
        Func<Sql, Statement> execute, PendingReplyRow reply, Sql source, SavedParts saved, ReplyText now)
    {
        var isContinued = saved.Attempt == now.Attempt;
        if (!isContinued && saved.Rev > 0)
            execute($"""
                delete from message_parts where user_id = {reply.UserId} and message_id = {reply.Id} and exists (select 1 from {source})
                """);
        foreach (var (index, item) in now.Parts.Items.Index())
        {
            var (rev, length) = isContinued && index < saved.Parts.Count ? saved.Parts[index] : (0, 0);
            var text = TextOf(item.Part);
            var part = item.Part is ReasoningPart thought ? thought with { Text = null } : item.Part;
            if (item.Rev > rev || text.Length > length || index == saved.Parts.Count - 1)
                Upsert(execute, reply, source, index, 0, item.Rev,
                    JsonSerializer.Serialize(part, WireJson.Part), "");
            if (text.Length > length)
                Upsert(execute, reply, source, index, length + 1, item.Rev, "null", text[length..]);
        }
    }

    /// <summary>The text that stands in rows of its own.</summary>
    public static string TextOf(Part part) => part is ReasoningPart { Text: { } text } ? text : "";

    // A piece whose write got no answer is written again, longer and in the same place.
    static void Upsert(
        Func<Sql, Statement> execute, PendingReplyRow reply, Sql source, int index, int chunk, long rev, string data,
        string text)
    {
        var json = JsonSerializer.Serialize(text, WireJson.Text);
        execute($"""
            insert into message_parts (user_id, message_id, idx, chunk, rev, data, text)
            select {reply.UserId}, {reply.Id}, {(long)index}, {(long)chunk}, {rev}, {data}, {json} from {source}
            on conflict (user_id, message_id, idx, chunk) do update set rev = {rev}, data = {data}, text = {json}
            """);
    }
}
