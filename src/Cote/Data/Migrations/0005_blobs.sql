-- Bytes of uploads in the database, where configuration keeps them there: a blob in chunks of 1 MiB (the last is
-- shorter), numbered from 0. They come before the row of their blob and go after it, so nothing refers to it.
create table blob_chunks (
-- [sqlite]
  blob_id text not null,
  n bigint not null,
  bytes blob not null,
-- [end]
-- [postgres]
  blob_id text collate "C" not null,
  n bigint not null,
  bytes bytea not null,
-- [end]
  primary key (blob_id, n)
);

-- What has come of uploads in pieces, where other nodes must be able to go on with them. A piece is written with
-- `uploads.received` in one unit, and goes after the row of its upload.
create table upload_pieces (
-- [sqlite]
  user_id text not null,
  upload_id text not null,
  start bigint not null,                   -- the offset of its first byte
  bytes blob not null,
-- [end]
-- [postgres]
  user_id text collate "C" not null,
  upload_id text collate "C" not null,
  start bigint not null,
  bytes bytea not null,
-- [end]
  primary key (user_id, upload_id, start)
);

-- [postgres]
-- Pictures, sound and film are compressed already: trying again costs time, and a part could not be read alone.
alter table blob_chunks alter column bytes set storage external;
alter table upload_pieces alter column bytes set storage external;
-- [end]

-- The fence of an upload in pieces: the request that came last, on whatever node.
-- [sqlite]
alter table uploads add column holder text not null default '';
-- [end]
-- [postgres]
alter table uploads add column holder text collate "C" not null default '';
-- [end]
