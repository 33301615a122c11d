-- Ids are UUID texts in lower case, times are Unix milliseconds, flags are 0 or 1. What belongs to a user has the
-- user's id first in its key: two users may hold the same UUID, and nothing can be read but through its owner.

create table meta (
  key text primary key,
  value text not null
);

create table users (
  id text primary key,
  username text not null,
  username_key text not null,              -- folded by the program: unique without regard to case
  email text not null,
  email_key text not null,
  password_hash text not null,
  created_at bigint not null
);
create unique index users_by_username on users (username_key);
create unique index users_by_email on users (email_key);

-- The head of a user's event log. `unit` names the write that holds the lock: the statements that follow in it insert
-- from this row, and so do nothing where the first one found nothing to lock.
create table heads (
  user_id text primary key references users (id) on delete cascade,
  seq bigint not null default 0,
  tail bigint not null default 0,          -- the events up to this one were trimmed
  unit text not null default ''
);

create table sessions (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  refresh_hash text not null,
  device text not null,
  ip text not null,
  created_at bigint not null,
  last_seen_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint
);
create unique index sessions_by_refresh on sessions (refresh_hash);
create index sessions_by_user on sessions (user_id, created_at);

create table tickets (
  hash text primary key,
  session_id text not null references sessions (id) on delete cascade,
  expires_at bigint not null
);

create table chats (
  user_id text not null references users (id) on delete cascade,
  id text not null,
  title text not null,
  is_pinned bigint not null default 0,
  model text,
  system_prompt text,
  temperature double precision,
  max_tokens bigint,
  created_at bigint not null,
  created_seq bigint not null,             -- the user's event that created it
  last_message_time bigint not null,
  last_message_content text not null default '',
  last_seq bigint not null default 0,      -- the highest `seq` of its messages
  activity bigint not null,                -- the user's event of its last message: chats are ordered by it
  changed bigint not null,                 -- the user's event that last changed anything in it
  fingerprint text not null,
  deleted_at bigint,                       -- the row stays for a while, so that its id stays used
  primary key (user_id, id)
);
create index chats_by_activity on chats (user_id, activity);
create index chats_deleted on chats (deleted_at) where deleted_at is not null;

create table messages (
  user_id text not null,
  id text not null,
  chat_id text not null,
  seq bigint not null,
  sender text not null,
  type text not null,
  content text not null,
  status text not null,
  importance text not null,
  media text not null default '[]',
  reply_to_id text,
  reply_id text,                           -- of a user's message: its reply
  timestamp bigint not null,
  listed bigint not null,                  -- a reply is listed once it has text or has ended
  event_seq bigint not null default 0,     -- the user's event that sent or ended it; 0 while it is open
  tokens bigint not null default 0,
  fingerprint text not null default '',
  deleted_at bigint,                       -- content is gone; the row stays for a while, so that its id stays used

  -- of a reply
  state text,
  attempt bigint not null default 0,       -- the fence: raised durably before every model call
  text_attempt bigint not null default 0,  -- whose text `content` is
  takeovers bigint not null default 0,
  model text,
  error_code text,
  error_detail text,
  usage text,
  owner text,
  lease_until bigint not null default 0,
  stop_wanted bigint not null default 0,
  primary key (user_id, id),
  foreign key (user_id, chat_id) references chats (user_id, id) on delete cascade
);
create unique index messages_in_order on messages (user_id, chat_id, seq);
create unique index messages_running on messages (user_id, chat_id) where state = 'running';
create index messages_open on messages (user_id, chat_id, seq) where state in ('queued', 'running');
create index messages_high on messages (user_id, chat_id, seq) where importance = 'high';
create index messages_low on messages (user_id, chat_id, seq) where importance = 'low';
create index messages_deleted on messages (deleted_at) where deleted_at is not null;

-- What happened to a user's chats and messages, dense and in commit order. Rows hold ids only: whoever delivers an
-- event writes the thing as it is then.
create table events (
  user_id text not null references users (id) on delete cascade,
  seq bigint not null,
  type text not null,
  chat_id text not null,
  message_id text,
  at bigint not null,
  primary key (user_id, seq)
);
