namespace Cote.Admin;

/// <summary>
/// The tree of each chat: parents are there and come before, and the active path is the line from a beginning to the
/// leaf.
/// </summary>
static class TreeChecks
{
    const string Rebuild = "Choose the path anew: PUT /chats/{chat_id}/leaf; or restore a backup.";

    // The living messages of living chats.
    static readonly Sql Living = $"""
        messages m join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
        """;

    public static readonly IReadOnlyList<RowCheck> All =
    [
        new("tree", $"""
            select m.user_id, m.id, m.parent_id from {Living}
            where m.deleted_at is null and m.parent_id <> '' and not exists (
              select 1 from messages p where p.user_id = m.user_id and p.id = m.parent_id and p.chat_id = m.chat_id
                and p.deleted_at is null)
            """, "message {1} of user {0} follows {2}, which is not in its chat. Set parent_id to a message before it, or to ''."),
        new("tree", $"""
            select m.user_id, m.id, p.id from {Living}
            join messages p on p.user_id = m.user_id and p.id = m.parent_id
            where m.deleted_at is null and p.seq >= m.seq
            """, "message {1} of user {0} comes before {2}, which it follows. Set parent_id to a message before it, or to ''."),
        new("tree", $"""
            select m.user_id, m.chat_id, cast(m.seq as text) from {Living}
            group by m.user_id, m.chat_id, m.seq having count(*) > 1
            """, "chat {1} of user {0} has two messages of the place {2}. Give one a place above all others, and set last_seq to it."),
        new("tree", $"""
            select m.user_id, m.chat_id, cast(max(m.seq) as text) from {Living}
            group by m.user_id, m.chat_id, c.last_seq having max(m.seq) > c.last_seq
            """, "chat {1} of user {0} has a message of the place {2}, but a lower last_seq. Set last_seq to {2}."),
        new("tree", $"""
            select c.user_id, c.id, coalesce(c.leaf_id, 'none') from chats c
            where c.deleted_at is null and (c.leaf_id is null and exists (
                select 1 from messages m where m.user_id = c.user_id and m.chat_id = c.id and m.deleted_at is null)
              or c.leaf_id is not null and not exists (
                select 1 from messages m where m.user_id = c.user_id and m.id = c.leaf_id and m.chat_id = c.id
                  and m.deleted_at is null and m.on_path = 1))
            """, "chat {1} of user {0} ends at {2}, which is not a message of its path. " + Rebuild),
        new("tree", $"""
            select m.user_id, m.chat_id, m.id from {Living}
            join messages l on l.user_id = c.user_id and l.id = c.leaf_id
            where m.deleted_at is null and m.on_path = 1 and m.seq > l.seq
            """, "chat {1} of user {0} has {2} on its path, behind its end. " + Rebuild),
        new("tree", $"""
            select m.user_id, m.chat_id, m.id from {Living}
            join messages p on p.user_id = m.user_id and p.id = m.parent_id
            where m.deleted_at is null and m.on_path = 1 and p.on_path = 0
            """, "chat {1} of user {0} has {2} on its path, but not the message before it. " + Rebuild),
        new("tree", $"""
            select m.user_id, m.chat_id, m.parent_id from {Living}
            where m.deleted_at is null and m.on_path = 1
            group by m.user_id, m.chat_id, m.parent_id having count(*) > 1
            """, "chat {1} of user {0} has a path that goes two ways after '{2}'. " + Rebuild),
        new("tree", $"""
            select m.user_id, m.id from messages m where m.deleted_at is not null and m.on_path = 1
            """, "message {1} of user {0} is deleted, and on the path. Set its on_path to 0."),
    ];
}
