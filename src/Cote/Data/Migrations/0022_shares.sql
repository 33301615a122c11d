-- What a user shows to everybody who has a link. Of the token in the link only its hash is kept.
create table shares (
-- [sqlite]
  id text primary key,
  user_id text not null,
  chat_id text not null,
  hash text not null,
  include text not null,                 -- what is shown besides, with blanks between the words
  title text,                            -- of a snapshot: that of its moment
  leaf_id text,                          -- where the path ends that a snapshot shows; empty: it shows nothing any more
-- [end]
-- [postgres]
  id text collate "C" primary key,
  user_id text collate "C" not null,
  chat_id text collate "C" not null,
  hash text collate "C" not null,
  include text collate "C" not null,
  title text collate "C",
  leaf_id text collate "C",
-- [end]
  live bigint not null,
  created_at bigint not null,
  expires_at bigint,
  foreign key (user_id, chat_id) references chats (user_id, id) on delete cascade
);
create unique index shares_by_hash on shares (hash);
create index shares_by_user on shares (user_id, created_at);
create index shares_by_chat on shares (user_id, chat_id);
create index shares_by_expiry on shares (expires_at) where expires_at is not null;
