-- Chats of another product's export. A chat that is being written bears the import's id and counts as deleted: nothing
-- shows it. Its last batch makes it live, and what a crash leaves is removed by that mark.
-- [sqlite]
alter table chats add column importing text;
-- [end]
-- [postgres]
alter table chats add column importing text collate "C";
-- [end]
create index chats_importing on chats (user_id, importing) where importing is not null;

create table imports (
-- [sqlite]
  user_id text not null references users (id) on delete cascade,
  id text not null,
  state text not null,                     -- queued, running, done, failed
  file_id text,                            -- the file among the blobs, while it is needed; null: the request has it
  owner text not null default '',          -- the node that runs it
  error_code text,
  error_detail text,
-- [end]
-- [postgres]
  user_id text collate "C" not null references users (id) on delete cascade,
  id text collate "C" not null,
  state text collate "C" not null,
  file_id text collate "C",
  owner text collate "C" not null default '',
  error_code text collate "C",
  error_detail text collate "C",
-- [end]
  is_again bigint not null,                -- 1: under new ids
  created_at bigint not null,
  lease_until bigint not null default 0,
  attempts bigint not null default 0,
  next_item bigint not null default 0,     -- the items before it are done
  chats bigint not null default 0,
  messages bigint not null default 0,
  primary key (user_id, id)
);
create index imports_open on imports (state) where state in ('queued', 'running');
create index imports_by_age on imports (created_at);

-- What an import left out, or where messages were lost.
create table import_skips (
-- [sqlite]
  user_id text not null,
  import_id text not null,
  item bigint not null,
  reason text not null,
-- [end]
-- [postgres]
  user_id text collate "C" not null,
  import_id text collate "C" not null,
  item bigint not null,
  reason text collate "C" not null,
-- [end]
  primary key (user_id, import_id, item),
  foreign key (user_id, import_id) references imports (user_id, id) on delete cascade
);
