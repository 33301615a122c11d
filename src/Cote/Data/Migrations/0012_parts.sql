-- What a reply is made of beside its text: thoughts, citations, files, tools. A plain reply has no row here.
-- [sqlite]
create table message_parts (
  user_id text not null,
  message_id text not null,
  idx bigint not null,       -- the place of the part in its reply, from 0
  chunk bigint not null,     -- 0: the part itself; from 1 on: pieces of its text
  rev bigint not null,       -- the revision of the reply at which it changed last
  data text not null,        -- of chunk 0: the part as JSON without its text; else null
  text text not null,        -- a piece of its text as a JSON string
  primary key (user_id, message_id, idx, chunk),
  foreign key (user_id, message_id) references messages (user_id, id) on delete cascade
);
alter table chats add column reasoning_effort text;
alter table messages add column reasoning_effort text;         -- of a reply, as its other settings
-- [end]
-- [postgres]
create table message_parts (
  user_id text collate "C" not null,
  message_id text collate "C" not null,
  idx bigint not null,
  chunk bigint not null,
  rev bigint not null,
  data text collate "C" not null,
  text text collate "C" not null,
  primary key (user_id, message_id, idx, chunk),
  foreign key (user_id, message_id) references messages (user_id, id) on delete cascade
);
alter table chats add column reasoning_effort text collate "C";
alter table messages add column reasoning_effort text collate "C";
-- [end]
alter table messages add column parts_rev bigint not null default 0;  -- the revision of all its parts; 0: it has none

create index messages_gone_parts on messages (user_id, id) where deleted_at is not null and parts_rev > 0;

-- What a reply shows belongs to the attempt that this column names, also where it has no text.
update messages set text_attempt = attempt where state is not null and content = '';
