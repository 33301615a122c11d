using System.Text;
using System.Text.Json;

namespace Cote.Chats;

/// <summary>A part with what tells how new it is.</summary>
/// <param name="Part">The part whole; a thought with all the text that is kept.</param>
/// <param name="Rev">The revision at which it changed last.</param>
sealed record PartState(Part Part, long Rev);

/// <summary>All parts of a reply at one moment. A plain reply has none.</summary>
/// <param name="Rev">Their revision: it rises with every part that is added or changes, and is 0 without any.</param>
sealed record ReplyParts(long Rev, IReadOnlyList<PartState> Items)
{
    public static readonly ReplyParts None = new(0, []);

    /// <summary>The columns that hold them are this one text, of a message <c>m</c>; null where it is plain.</summary>
    public static Sql ColumnOf(Sql m, PartsView view) => view == PartsView.None ? (Sql)$"null"
        : $"""
        case when {m}.parts_rev > 0 then (
          select string_agg('[' || cast(p.idx as text) || ',' || cast(p.rev as text) || ',' || {Data} || ',' || p.text || ']', ','
            order by p.idx, p.chunk)
          from message_parts p where p.user_id = {m}.user_id and p.message_id = {m}.id{Chunks(view)}) end
        """;

    /// <summary>Reads what <see cref="ColumnOf"/> selects.</summary>
    public static ReplyParts Read(string? rows, long rev)
    {
        if (rows is null)
            return None;
        using var json = JsonDocument.Parse($"[{rows}]");
        var items = new List<PartState>();
        var text = new StringBuilder();
        foreach (var row in json.RootElement.EnumerateArray())
        {
            if (row[2].ValueKind == JsonValueKind.Null)
            {
                text.Append(row[3].GetString());
                continue;
            }
            AddText(items, text);
            items.Add(new(row[2].Deserialize(WireJson.Part)!, row[1].GetInt64()));
        }
        AddText(items, text);
        return new(rev, items);
    }

    // A thought's text stands in the rows after it.
    static void AddText(List<PartState> items, StringBuilder text)
    {
        if (text.Length > 0 && items is [.., { Part: ReasoningPart thought } last])
            items[^1] = last with { Part = thought with { Text = text.ToString() } };
        text.Clear();
    }

    // What a part is read as whose call is not there.
    const string Nothing = """{"type":"step"}""";

    // A tool's part names its call, which has a row of its own.
    static readonly Sql Data = $"""
        case when p.data = {PartRows.StoredTool} then coalesce((
            select {ToolCallRows.PartOf($"t")} from tool_calls t
            where t.user_id = p.user_id and t.reply_id = p.message_id and t.part = p.idx), {Nothing})
          else p.data end
        """;

    static Sql Chunks(PartsView view) => view == PartsView.Light ? (Sql)$" and p.chunk = 0" : $"";
}
