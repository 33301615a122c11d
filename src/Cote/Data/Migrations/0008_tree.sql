-- A chat is a tree. `parent_id` is the message before on its path; it is empty at a beginning, so that the children of
-- any place are one range of one index. A child's `seq` is higher than its parent's: a path sorted by `seq` is in order.
-- [sqlite]
alter table messages add column parent_id text not null default '';
alter table chats add column leaf_id text;                  -- the last message of the active path, an open reply too
-- [end]
-- [postgres]
alter table messages add column parent_id text collate "C" not null default '';
alter table chats add column leaf_id text collate "C";
-- [end]
alter table messages add column on_path bigint not null default 1;    -- 0 beside the active path, and where deleted
alter table messages add column left_seq bigint not null default 0;   -- the event at which it left the path last
alter table messages add column begun_seq bigint not null default 0;  -- of a reply: the event that announced it
alter table messages add column temperature double precision;         -- of a reply, with the next: its settings
alter table messages add column max_tokens bigint;
alter table messages add column prefix bigint not null default 0;     -- UTF-16 units of the text that it goes on after
alter table chats add column is_branched bigint not null default 0;   -- 1 once a message of it has had siblings
alter table events add column n bigint not null default 0;            -- of `chat.path`: `after_seq`

-- What there was is one path: each message follows the living one before it.
update messages set parent_id = coalesce(p.previous, '')
from (
  select user_id, id, lag(id) over (partition by user_id, chat_id order by seq) as previous
  from messages where deleted_at is null) p
where messages.user_id = p.user_id and messages.id = p.id;
update messages set on_path = 0 where deleted_at is not null;
update messages set begun_seq = q.event_seq, temperature = c.temperature, max_tokens = c.max_tokens
from messages q, chats c
where messages.state in ('queued', 'running') and q.user_id = messages.user_id and q.id = messages.reply_to_id
  and c.user_id = messages.user_id and c.id = messages.chat_id;
update chats set leaf_id = (
  select m.id from messages m
  where m.user_id = chats.user_id and m.chat_id = chats.id and m.deleted_at is null order by m.seq desc limit 1);

drop index messages_in_order;
create unique index messages_on_path on messages (user_id, chat_id, on_path, seq);
create index messages_children on messages (user_id, chat_id, parent_id, seq);
drop index messages_high;
create index messages_high on messages (user_id, chat_id, seq) where importance = 'high' and on_path = 1;
drop index messages_low;
create index messages_low on messages (user_id, chat_id, seq) where importance = 'low' and on_path = 1;

-- A reply may wait for a person: later versions write that state, and the predicates are changed once.
drop index messages_open;
create index messages_open on messages (user_id, chat_id, seq) where state in ('queued', 'running', 'waiting');

-- Programs before this migration would write messages without a parent. A node that finds a higher number here than its
-- own last migration ends.
insert into meta (key, value) values ('schema_min', '8');
