-- Titles that Cote makes, archived and temporary chats, feedback on replies, instructions of a user, and work on many
-- chats that goes on after its request.
-- [sqlite]
alter table chats add column title_source text not null default 'user';   -- user or auto
alter table chats add column title_reply_id text;      -- the reply that the model is shown, from state 2 on
alter table messages add column feedback_text text;
alter table users add column instructions text;
create table chat_jobs (
  user_id text not null references users (id) on delete cascade,
  id text not null,
  deletes bigint not null,               -- 1: the chats are deleted; 0: they are archived
  is_archived bigint not null,           -- those with this flag
  upto bigint not null,                  -- those that were made, archived and unarchived by this event
  primary key (user_id, id)
);
-- [end]
-- [postgres]
alter table chats add column title_source text collate "C" not null default 'user';
alter table chats add column title_reply_id text collate "C";
alter table messages add column feedback_text text collate "C";
alter table users add column instructions text collate "C";
create table chat_jobs (
  user_id text collate "C" not null references users (id) on delete cascade,
  id text collate "C" not null,
  deletes bigint not null,
  is_archived bigint not null,
  upto bigint not null,
  primary key (user_id, id)
);
-- [end]
-- 0: no model is asked; 1: after the next reply that ends as completed; 2: now; 3: it was asked; 4: it was asked again.
alter table chats add column title_state bigint not null default 0;
alter table chats add column title_lease bigint not null default 0;    -- until when the node that asks has the time
alter table chats add column is_archived bigint not null default 0;
alter table chats add column archived_seq bigint not null default 0;   -- the event that last changed is_archived
alter table chats add column is_temporary bigint not null default 0;
alter table messages add column rating bigint;

drop index chats_by_activity;
create index chats_by_activity on chats (user_id, is_archived, activity);
create index chats_to_title on chats (title_state, title_lease) where title_state in (2, 3);
create index chats_temporary on chats (last_message_time) where is_temporary = 1 and deleted_at is null;
