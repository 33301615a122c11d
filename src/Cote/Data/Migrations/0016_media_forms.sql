-- Of sound and films: how long they last, in milliseconds. Null where the file does not say.
alter table media add column duration bigint;

-- Bytes that were made from an upload belong to it alone: they are not shared by their hash.
alter table blobs add column derived bigint not null default 0;
drop index blobs_by_hash;
create unique index blobs_by_hash on blobs (sha256) where derived = 0;

-- What was made of an upload: a picture for models, a text, a thumbnail. Where it cannot be made, the word that says why
-- stands in its place.
create table media_forms (
-- [sqlite]
  user_id text not null,
  media_id text not null,
  kind text not null,
  word text,
  blob_id text references blobs (id),
  content_type text not null,
-- [end]
-- [postgres]
  user_id text collate "C" not null,
  media_id text collate "C" not null,
  kind text collate "C" not null,
  word text collate "C",
  blob_id text collate "C" references blobs (id),
  content_type text collate "C" not null,
-- [end]
  size bigint not null,
  width bigint,
  height bigint,
  created_at bigint not null,
  primary key (user_id, media_id, kind),
  foreign key (user_id, media_id) references media (user_id, id) on delete cascade
);
create index media_forms_by_blob on media_forms (blob_id);
