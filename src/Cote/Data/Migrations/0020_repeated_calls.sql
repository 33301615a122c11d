-- Calls that a client has given a key: the same key gets the same answer, and no second call of a model. Kept for a
-- day. Of the key and of the body only hashes are kept.
create table repeated_calls (
-- [sqlite]
  user_id text not null,
  route text not null,
  key text not null,
  body text not null,                    -- of what the key was sent with first
  owner text not null,                   -- the request that makes the call
  content_type text,
  answer blob,                           -- null until it is there, and where it is too long to be kept
-- [end]
-- [postgres]
  user_id text collate "C" not null,
  route text collate "C" not null,
  key text collate "C" not null,
  body text collate "C" not null,
  owner text collate "C" not null,
  content_type text collate "C",
  answer bytea,
-- [end]
  state bigint not null default 0,       -- 1: it has ended
  until bigint not null,                 -- while it runs: after this moment its owner is gone, by the database's clock
  at bigint not null,                    -- by the database's clock
  status bigint,
  primary key (user_id, route, key)
);
create index repeated_calls_by_time on repeated_calls (at);
