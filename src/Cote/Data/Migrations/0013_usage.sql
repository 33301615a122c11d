-- The ledger: a row for each call of a model, reserved (state 0) before the call and settled (1) after it. Money is in
-- nano-USD, prices in nano-USD for a million tokens. It holds no text, and outlives messages and chats.
create table calls (
-- [sqlite]
  user_id text not null,
  subject_id text not null,              -- what it was made for: of a reply and of its title the reply's id
  purpose text not null,                 -- chat or title
  chat_id text,
  model text not null,
  owner text not null,                   -- the node that makes it
-- [end]
-- [postgres]
  user_id text collate "C" not null,
  subject_id text collate "C" not null,
  purpose text collate "C" not null,
  chat_id text collate "C",
  model text collate "C" not null,
  owner text collate "C" not null,
-- [end]
  attempt bigint not null,
  step bigint not null default 0,
  shown bigint not null default 0,       -- of a reply's call: the attempt that its text is shown as
  state bigint not null default 0,       -- 2 inside the unit that settles it
  until bigint not null,                 -- when a call that nobody has settled is, by the database's clock
  at bigint not null,                    -- by the database's clock
  day bigint not null,                   -- of `at`: days since 1970, UTC
  month bigint not null,                 -- of `at`: 202611
  input bigint not null default 0,       -- while it is reserved, the estimate, or 0
  output bigint not null default 0,
  cached bigint,                         -- null where the provider does not say, as the next
  reasoning bigint,
  estimated bigint not null default 0,
  price_input bigint,                    -- null where it is unknown
  price_output bigint,
  price_cached bigint,
  cost bigint,                           -- null where the price is unknown
  reserved_tokens bigint not null default 0,
  reserved_cost bigint not null default 0,
  primary key (user_id, subject_id, purpose, attempt, step)
);
create index calls_by_time on calls (user_id, at);
create index calls_open on calls (user_id, chat_id) where state <> 1;

-- What the windows that are open have used: a row for each user that a budget applied to, and one, without a user, for
-- the installation. A cap is an admin's, and null where the configuration's holds. While `day` is 0 the row counts
-- nothing yet.
create table budgets (
-- [sqlite]
  user_id text primary key,
  unit text not null default '',         -- the write that took from it last
-- [end]
-- [postgres]
  user_id text collate "C" primary key,
  unit text collate "C" not null default '',
-- [end]
  cap_day_tokens bigint,
  cap_day_cost bigint,
  cap_month_tokens bigint,
  cap_month_cost bigint,
  day bigint not null default 0,
  day_tokens bigint not null default 0,
  day_cost bigint not null default 0,
  day_reserved_tokens bigint not null default 0,
  day_reserved_cost bigint not null default 0,
  month bigint not null default 0,
  month_tokens bigint not null default 0,
  month_cost bigint not null default 0,
  month_reserved_tokens bigint not null default 0,
  month_reserved_cost bigint not null default 0
);

-- The sums of the calls of erased accounts, without the accounts.
create table usage_sums (
  day bigint not null,
-- [sqlite]
  model text not null,
-- [end]
-- [postgres]
  model text collate "C" not null,
-- [end]
  calls bigint not null,
  unpriced bigint not null,
  input bigint not null,
  output bigint not null,
  cached bigint not null,
  reasoning bigint not null,
  cost bigint not null,
  primary key (day, model)
);
