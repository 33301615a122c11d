alter table users add column role text not null default 'user';
alter table users add column disabled_at bigint;
alter table users add column erased_at bigint;     -- the account is gone; what is left of it is being removed

-- A refresh token is spent by its use. Its successor is made from it, so that a phone whose answer was lost gets the
-- same one again; any token older than the last shows that somebody else has one.
alter table sessions add column parent_hash text;
alter table sessions add column rotated_at bigint not null default 0;

create table spent_tokens (
  hash text primary key,
  session_id text not null references sessions (id) on delete cascade
);
create index spent_tokens_by_session on spent_tokens (session_id);

create table counters (
  name text primary key,
  value bigint not null
);
insert into counters (name, value) values ('revocations', 0), ('erased_events', 0);

-- Sessions whose access tokens still could be shown, and must not work. They outlive the account, as ids alone.
create table revocations (
  seq bigint primary key,
  session_id text not null,
  until bigint not null
);

-- What was done to accounts, by whom and from where. It outlives the account and holds no secret.
create table audit (
  id text primary key,
  at bigint not null,
  action text not null,
  user_id text,
  actor text not null,
  ip text not null,
  detail text not null
);
