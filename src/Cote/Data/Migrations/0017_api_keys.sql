-- Keys of programs. Of the key itself only its hash is kept. A revoked one stays until no node can remember it.
create table api_keys (
-- [sqlite]
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  hash text not null,
  name text not null,
  scopes text not null,                  -- with blanks between them
-- [end]
-- [postgres]
  id text collate "C" primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  hash text collate "C" not null,
  name text collate "C" not null,
  scopes text collate "C" not null,
-- [end]
  created_at bigint not null,
  last_used_at bigint,
  expires_at bigint,
  revoked_at bigint
);
create index api_keys_by_user on api_keys (user_id, created_at);

-- A ticket is of a session or of a key. It lives for 30 seconds, so the ones before are not kept.
drop table tickets;
create table tickets (
-- [sqlite]
  hash text primary key,
  session_id text references sessions (id) on delete cascade,
  key_id text references api_keys (id) on delete cascade,
-- [end]
-- [postgres]
  hash text collate "C" primary key,
  session_id text collate "C" references sessions (id) on delete cascade,
  key_id text collate "C" references api_keys (id) on delete cascade,
-- [end]
  expires_at bigint not null
);
