using Cote.Chats;

namespace Cote.Admin;

/// <summary>The search index: it has every text up to its mark, and none of what is gone.</summary>
static class SearchChecks
{
    const string Anew = "Delete the row of the user in search_marks: the index of the user is made anew.";

    public static readonly IReadOnlyList<RowCheck> All =
    [
        new("search", $"""
            select s.user_id, cast(s.mark as text), cast(h.seq as text) from search_marks s
            join heads h on h.user_id = s.user_id where s.mark > h.seq or s.goal > h.seq
            """, "the index of user {0} has come to the event {1}, but the head is {2}. " + Anew),
        new("search", $"""
            select d.user_id, d.message_id from search_documents d
            join chats c on c.user_id = d.user_id and c.id = d.chat_id and c.deleted_at is null
            where d.message_id <> '' and not exists (
              select 1 from messages m where m.user_id = d.user_id and m.id = d.message_id and m.chat_id = d.chat_id
                and {SearchStore.HasText})
            """, "message {1} of user {0} is gone, and still in the index. Delete its row of search_documents."),
        new("search", $"""
            select m.user_id, m.id from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id and {SearchStore.IsSearched}
            join search_marks s on s.user_id = m.user_id and s.goal = 0 and m.event_seq <= s.mark
            where {SearchStore.HasText} and {SearchStore.IsMissing}
            """, "message {1} of user {0} is not in the index. " + Anew),
    ];
}
