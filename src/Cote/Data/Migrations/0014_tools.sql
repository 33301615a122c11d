-- The tool calls of replies. The state, the output and the error of a call stand here alone: the part of the message
-- names it, and is completed when it is read. `data` and `result` are members of a JSON object without its braces.
create table tool_calls (
-- [sqlite]
  user_id text not null,
  reply_id text not null,
  call_id text not null,                 -- Cote's, unique in the reply
  provider_call_id text not null,        -- the model's
  hash text not null,                    -- of the definition that the model was shown
  data text not null,                    -- what never changes: call_id, name, title, source, client_id
  input text not null,                   -- the arguments, as JSON
  state text not null,
  result text not null default '',       -- output, error, ms; begins with a comma
  sealed text,                           -- of a step's first call: what the provider demands back; never served
  answer text,                           -- the fingerprint of the answer
  claimed_by text,                       -- the installation that executes a call of another one
  epoch text not null,
-- [end]
-- [postgres]
  user_id text collate "C" not null,
  reply_id text collate "C" not null,
  call_id text collate "C" not null,
  provider_call_id text collate "C" not null,
  hash text collate "C" not null,
  data text collate "C" not null,
  input text collate "C" not null,
  state text collate "C" not null,
  result text collate "C" not null default '',
  sealed text collate "C",
  answer text collate "C",
  claimed_by text collate "C",
  epoch text collate "C" not null,
-- [end]
  step bigint not null,                  -- the model call that asked for it, from 0
  idx bigint not null,                   -- its place in the step
  part bigint not null,                  -- the place of its part in the reply
  repeatable bigint not null default 0,  -- whether it may be executed again after a crash
  claimed_until bigint not null default 0,  -- by the database's clock
  attempt bigint not null default 0,     -- the fence of the run that executes it
  primary key (user_id, reply_id, step, idx),
  foreign key (user_id, reply_id) references messages (user_id, id) on delete cascade
);

alter table messages add column kept_parts bigint not null default 0;  -- parts of the steps that are over
alter table messages add column goes_on bigint not null default 0;     -- 1: its run goes on with what is shown
alter table messages add column wait_until bigint not null default 0;  -- when a waiting reply expires
-- [sqlite]
alter table messages add column client_tools text;                     -- of a question: JSON
alter table messages add column client_id text;                        -- of a question: the installation
alter table chats add column tools text;                               -- JSON list of names; null: all
-- [end]
-- [postgres]
alter table messages add column client_tools text collate "C";
alter table messages add column client_id text collate "C";
alter table chats add column tools text collate "C";
-- [end]

-- An older node would take a waiting reply for one that nobody makes.
update meta set value = '14' where key = 'schema_min';

create index messages_waiting on messages (wait_until) where state = 'waiting';
