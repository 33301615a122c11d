using Cote.Chats;

namespace Cote.Admin;

/// <summary>The parts of messages, and the uploads that they name.</summary>
static class PartChecks
{
    // The living messages of living chats.
    static readonly Sql Living = $"""
        messages m join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
        """;

    static readonly Sql Parts = $"{Living} join message_parts p on p.user_id = m.user_id and p.message_id = m.id";

    // The column is a JSON list of paths of one length: `["/media/<id>","/media/<id>"]`.
    const int FirstId = 10;
    const int Width = 46;
    const int MostNamed = 100;

    public static readonly IReadOnlyList<RowCheck> All =
    [
        new("rows", $"""
            select m.user_id, m.id, cast(p.idx as text), cast(p.chunk as text) from {Parts}
            where m.deleted_at is null and p.chunk > 0 and not exists (
              select 1 from message_parts o
              where o.user_id = p.user_id and o.message_id = p.message_id and o.idx = p.idx and o.chunk = 0)
            """, "piece {3} of the part {2} of message {1} of user {0} belongs to no part. Delete it."),
        new("rows", $"""
            select m.user_id, m.id, cast(count(*) as text), cast(max(p.idx) as text) from {Parts}
            where m.deleted_at is null and p.chunk = 0
            group by m.user_id, m.id having max(p.idx) + 1 <> count(*) or min(p.idx) < 0
            """, "message {1} of user {0} has {2} parts, but the last has the place {3}. Delete those behind the gap."),
        new("rows", $"""
            select m.user_id, m.id, cast(p.idx as text), cast(p.rev as text), cast(m.parts_rev as text) from {Parts}
            where m.deleted_at is null and p.rev > m.parts_rev
            """,
            "part {2} of message {1} of user {0} is of the revision {3}, but the message of {4}. Set parts_rev to {3}."),
        new("rows", $"""
            select m.user_id, m.id, cast(m.parts_rev as text) from {Living}
            where m.deleted_at is null and m.parts_rev > 0 and not exists (
              select 1 from message_parts p where p.user_id = m.user_id and p.message_id = m.id)
            """, "message {1} of user {0} is of the revision {2}, but has no parts. Set parts_rev to 0."),
        new("rows", $$"""
            select m.user_id, m.id, cast(p.idx as text) from {{Parts}}
            where m.deleted_at is null and (p.chunk = 0 and p.data not like '{"type":"%' or p.chunk > 0 and p.data <> 'null')
            """, "part {2} of message {1} of user {0} has data that is no part. Delete it, and those behind it."),
        new("rows", $"""
            select m.user_id, m.id, cast(p.idx as text) from {Parts}
            where m.deleted_at is null and p.data = {PartRows.StoredTool} and not exists (
              select 1 from tool_calls t where t.user_id = p.user_id and t.reply_id = p.message_id and t.part = p.idx)
            """, "part {2} of message {1} of user {0} is a tool call that is lost. Delete it, and those behind it."),
        new("rows", $"""
            select m.user_id, m.id, t.call_id, cast(t.part as text) from {Living}
            join tool_calls t on t.user_id = m.user_id and t.reply_id = m.id
            where m.deleted_at is null and not exists (
              select 1 from message_parts p
              where p.user_id = m.user_id and p.message_id = m.id and p.idx = t.part and p.chunk = 0)
            """, "tool call {2} of message {1} of user {0} has no part {3}. Delete it."),

        new("rows", $"""
            select m.user_id, m.id from {Living}
            where m.deleted_at is null and m.media <> '[]'
              and (m.media not like '["/media/%"]' or (length(m.media) - 1) % {Width} <> 0)
            """, "the column media of message {1} of user {0} is no list of uploads. Set it to '[]'."),
        // Nothing keeps the upload, and the sweep takes it.
        new("rows", $"""
            select x.user_id, x.id, x.named from (
              select m.user_id, m.id, substr(m.media, cast({FirstId} + {Width} * n.k as integer), 36) as named
              from {Living}
              join (with recursive l (k) as (select 0 union all select k + 1 from l where k < {MostNamed}) select k from l) n
                on {FirstId} + {Width} * n.k < length(m.media)
              where m.deleted_at is null and m.media <> '[]') x
            join media f on f.user_id = x.user_id and f.id = x.named
            where not exists (
              select 1 from message_media mm
              where mm.user_id = x.user_id and mm.message_id = x.id and mm.media_id = x.named)
            """, "message {1} of user {0} names the upload {2}, which may be swept. Add a row of message_media for it."),
        // Of a reply that is open, the column comes with its end.
        new("rows", $"""
            select m.user_id, m.id, mm.media_id from {Living}
            join message_media mm on mm.user_id = m.user_id and mm.message_id = m.id
            where m.deleted_at is null and m.media not like '%' || mm.media_id || '%'
              and (m.state is null or m.state not in {States.Open})
            """, "message {1} of user {0} keeps the upload {2}, which it does not name. Delete the row of message_media."),
    ];
}
