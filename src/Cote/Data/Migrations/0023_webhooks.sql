-- The outbox: what webhooks are told, a row for each endpoint, written with the change that it tells of. It holds ids
-- and no text. It has no reference to users: that one was erased is told after its row is gone.
create table webhooks (
-- [sqlite]
  id text primary key,                   -- the webhook-id, the same for every try; ids of one time follow each other
  endpoint text not null,
  type text not null,
  user_id text not null,
  chat_id text,
  message_id text,
  cursor text,
  fault text,                            -- of the last try
-- [end]
-- [postgres]
  id text collate "C" primary key,
  endpoint text collate "C" not null,
  type text collate "C" not null,
  user_id text collate "C" not null,
  chat_id text collate "C",
  message_id text collate "C",
  cursor text collate "C",
  fault text collate "C",
-- [end]
  at bigint not null,
  until bigint not null,                 -- no try comes later
  due_at bigint not null default 0,      -- of the next try, by the clock of the nodes
  lease_until bigint not null default 0, -- by the database's clock: the node that sends it has it until then
  tries bigint not null default 0,
  failed_at bigint                       -- when it was given up
);
create index webhooks_due on webhooks (endpoint, due_at) where failed_at is null;
create index webhooks_failed on webhooks (failed_at, id) where failed_at is not null;
create index webhooks_by_user on webhooks (user_id);

create table webhook_endpoints (
-- [sqlite]
  name text primary key,
  fault text,                            -- of its last failure
-- [end]
-- [postgres]
  name text collate "C" primary key,
  fault text collate "C",
-- [end]
  seen_at bigint not null default 0,     -- by the database's clock: when a node last had it configured
  failing_since bigint,                  -- of the first failure after the last success
  probe_at bigint not null default 0,    -- of one that has failed for an hour: not before then
  dropped bigint not null default 0      -- how many were dropped because too many waited
);

-- The windows whose budget was told as reached: a day and a month, as the ledger numbers them.
alter table budgets add column told_day bigint not null default 0;
alter table budgets add column told_month bigint not null default 0;
