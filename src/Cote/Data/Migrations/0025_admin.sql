-- A key or a link that a restore has disabled: it is refused until an admin enables it.
alter table api_keys add column disabled_at bigint;
alter table shares add column disabled_at bigint;

-- What admins ask for: the admins, who is disabled, what was done to an account, the calls of a span of time.
create index users_admins on users (id) where role = 'admin';
create index users_disabled on users (id) where disabled_at is not null;
create index audit_by_user on audit (user_id, id);
-- [sqlite]
create index calls_by_moment on calls (at);
-- [end]
-- [postgres]
create index calls_by_moment on calls using brin (at);
-- [end]

-- The nodes of a database that many share. Each writes every few seconds what it sees of providers and MCP servers, as
-- JSON.
create table nodes (
-- [sqlite]
  id text primary key,
  report text not null,
-- [end]
-- [postgres]
  id text collate "C" primary key,
  report text collate "C" not null,
-- [end]
  seen_at bigint not null                -- by the database's clock
);
