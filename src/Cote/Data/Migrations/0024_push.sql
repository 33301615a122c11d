-- Devices that are told of a reply nobody was shown, and what they are still to be told.
create table devices (
-- [sqlite]
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  session_id text not null references sessions (id) on delete cascade,
  kind text not null,                    -- webpush, fcm or apns
  hash text not null,                    -- of kind and token: a token belongs to one device
  token text not null,                   -- of webpush: the endpoint
  p256dh text,                           -- of webpush: the browser's public key, base64url
  auth text,                             -- of webpush: its secret, base64url
  preview text not null,                 -- off, title or text
-- [end]
-- [postgres]
  id text collate "C" primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  session_id text collate "C" not null references sessions (id) on delete cascade,
  kind text collate "C" not null,
  hash text collate "C" not null,
  token text collate "C" not null,
  p256dh text collate "C",
  auth text collate "C",
  preview text collate "C" not null,
-- [end]
  created_at bigint not null
);
create unique index devices_by_hash on devices (hash);
create index devices_by_user on devices (user_id, created_at);
create index devices_by_session on devices (session_id);

-- A row for each device, written in the transaction of the event; it goes when the push is sent, or need not be.
create table pushes (
-- [sqlite]
  user_id text not null,
  message_id text not null,              -- the reply
  device_id text not null references devices (id) on delete cascade,
  chat_id text not null,
  kind text not null,                    -- ended or waiting
-- [end]
-- [postgres]
  user_id text collate "C" not null,
  message_id text collate "C" not null,
  device_id text collate "C" not null references devices (id) on delete cascade,
  chat_id text collate "C" not null,
  kind text collate "C" not null,
-- [end]
  seq bigint not null,                   -- the event that it tells of
  at bigint not null,                    -- of that event
  due_at bigint not null,                -- by the database's clock: the lease of the node that sends it, or the next try
  tries bigint not null default 0,
  primary key (user_id, message_id, device_id),
  foreign key (user_id, message_id) references messages (user_id, id) on delete cascade
);
create index pushes_by_due on pushes (due_at);
create index pushes_by_device on pushes (device_id);
