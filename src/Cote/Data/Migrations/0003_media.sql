-- The bytes that are kept, each once however often they were uploaded. Who uploaded them stands in `media` alone, and
-- the id is not the hash: bytes that were swept and come again get a new id, so an unlink that is late hits nothing new.
create table blobs (
  id text primary key,
  sha256 text not null,
  size bigint not null,
  created_at bigint not null
);
create unique index blobs_by_hash on blobs (sha256);

-- One upload of one user. A blob that is named here cannot go: the reference is the count.
create table media (
  user_id text not null references users (id) on delete cascade,
  id text not null,
  blob_id text not null references blobs (id),
  name text not null,
  content_type text not null,
  size bigint not null,
  width bigint,
  height bigint,
  created_at bigint not null,
  primary key (user_id, id)
);
create unique index media_by_id on media (id);       -- a signed URL names no user
create index media_by_blob on media (blob_id);
create index media_by_age on media (created_at);

-- What a message names, in its order. An upload that is named here cannot be swept.
create table message_media (
  user_id text not null,
  message_id text not null,
  place bigint not null,
  chat_id text not null,
  media_id text not null,
  primary key (user_id, message_id, place),
  foreign key (user_id, message_id) references messages (user_id, id) on delete cascade,
  foreign key (user_id, media_id) references media (user_id, id)
);
create index message_media_by_media on message_media (user_id, media_id);
create index message_media_by_chat on message_media (user_id, chat_id);

-- Uploads that come in pieces. `received` is what was on disk for certain; `media_id` is what became of it.
create table uploads (
  user_id text not null references users (id) on delete cascade,
  id text not null,
  length bigint not null,
  received bigint not null,
  name text not null,
  media_id text,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (user_id, id)
);
create index uploads_by_expiry on uploads (expires_at);
