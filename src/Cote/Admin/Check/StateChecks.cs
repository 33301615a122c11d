using Cote.Chats;
using Cote.Events;

namespace Cote.Admin;

/// <summary>The states of messages and calls, and the events that tell of them.</summary>
static class StateChecks
{
    const string NewEpoch = "Run new-epoch: clients fetch their state anew; then set tail to seq in heads and delete the "
        + "events of the user.";

    static readonly Sql EndedCalls = $"('done', 'failed', 'denied', 'unknown')";

    public static readonly IReadOnlyList<RowCheck> All =
    [
        new("rows", $"""
            select m.user_id, m.id, m.sender, m.state from messages m
            where m.sender not in ('user', 'ai') or m.sender = 'user' and m.state is not null or m.state not in
              ('queued', 'running', 'waiting', 'completed', 'stopped', 'failed', 'interrupted')
            """,
            "message {1} of user {0} has the sender {2} and the state {3}, which do not exist together. Delete it."),
        new("rows", $"""
            select m.user_id, m.id, m.status from messages m where m.status not in ('sent', 'delivered', 'read')
            """, "message {1} of user {0} has the status {2}, which does not exist. Set it to 'read'."),
        new("rows", $"""
            select m.user_id, m.id from messages m where m.text_attempt > m.attempt and m.state is not null
            """, "message {1} of user {0} shows the text of an attempt that was never made. Set attempt to text_attempt."),
        new("rows", $"""
            select m.user_id, m.id from messages m where m.state = 'running' and m.owner is null and m.lease_until > 0
            """, "message {1} of user {0} is running without an owner. Set its lease_until to 0: a node takes it up."),
        new("rows", $"""
            select m.user_id, m.id from messages m where m.state in {States.Open} and m.state = 'waiting'
              and not exists (select 1 from tool_calls t where t.user_id = m.user_id and t.reply_id = m.id
                and t.state not in {EndedCalls})
              and not {RowCheck.IsErased($"m.user_id")}
            """, "message {1} of user {0} waits, but no call of it does. Stop it: POST /chats/{chat_id}/stop."),
        new("rows", $"""
            select t.user_id, t.reply_id, t.call_id, t.state from tool_calls t
            join messages m on m.user_id = t.user_id and m.id = t.reply_id
            where t.state not in {EndedCalls} and m.deleted_at is null and m.state not in {States.Open}
            """, "tool call {2} of message {1} of user {0} is {3}, but its reply has ended. Set its state to 'unknown'."),
        new("rows", $"""
            select m.user_id, m.id, m.reply_to_id from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
            where m.sender = 'ai' and m.deleted_at is null and m.reply_to_id is not null and not exists (
              select 1 from messages q where q.user_id = m.user_id and q.id = m.reply_to_id
                and q.chat_id = m.chat_id and q.deleted_at is null)
            """, "message {1} of user {0} answers the message {2}, which is not in its chat. Delete it."),

        new("events", $"""
            select cast(count(*) as text) from meta where key = 'epoch' and length(value) between 1 and 32
            having count(*) <> 1
            """, "the database has {0} epochs. Run new-epoch."),
        new("events", $"""
            select h.user_id, cast(h.tail as text), cast(h.seq as text), cast(coalesce(e.n, 0) as text)
            from heads h
            join users u on u.id = h.user_id and u.erased_at is null
            left join (
              select user_id, count(*) as n, min(seq) as least, max(seq) as most from events group by user_id) e
              on e.user_id = h.user_id
            where h.tail > h.seq or coalesce(e.n, 0) <> h.seq - h.tail
              or e.n > 0 and (e.least <= h.tail or e.most <> h.seq)
            """,
            "the events of user {0} from {1} to {2} are {3}: numbers are missing or too many. Run new-epoch: clients "
            + "fetch their state anew; then set tail to seq in heads and delete the events of the user."),
        new("events", $"""
            select e.user_id, cast(e.seq as text), e.type, coalesce(e.message_id, 'none') from events e
            where e.type not in ({EventTypes.Message}, {EventTypes.MessageStatus}, {EventTypes.MessageDeleted},
                {EventTypes.MessageFeedback}, {EventTypes.MessageWaiting}, {EventTypes.ChatCreated},
                {EventTypes.ChatUpdated}, {EventTypes.ChatDeleted}, {EventTypes.ChatPath})
              or e.type like 'message%' and e.message_id is null or e.type not like 'message%' and e.message_id is not null
            """, "the event {1} of user {0} has the type {2} and the message {3}, which do not go together. " + NewEpoch),
        new("events", $"""
            select e.user_id, cast(e.seq as text), e.message_id, e.chat_id, m.chat_id from events e
            join messages m on m.user_id = e.user_id and m.id = e.message_id where m.chat_id <> e.chat_id
            """, "the event {1} of user {0} has the message {2} in the chat {3}, but it is in {4}. " + NewEpoch),
        new("events", $"""
            select c.user_id, c.id, cast(c.changed as text), cast(h.seq as text) from chats c
            join heads h on h.user_id = c.user_id where c.changed > h.seq or c.activity > h.seq
            """, "chat {1} of user {0} changed at the event {2}, but the head is {3}. Set seq and tail of heads to {2}, and run new-epoch."),
        new("events", $"""
            select m.user_id, m.id, cast(m.event_seq as text), cast(h.seq as text) from messages m
            join heads h on h.user_id = m.user_id where m.event_seq > h.seq
            """, "message {1} of user {0} was sent at the event {2}, but the head is {3}. Set seq and tail of heads to {2}, and run new-epoch."),
    ];
}
