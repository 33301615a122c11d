-- Whether the owner of the account has shown that mail to the address reaches him.
alter table users add column email_verified bigint not null default 0;

-- Mails that are to be sent. A wish for a new password names the address alone: whether it has an account is looked up
-- when it is sent, so that asking costs the same for each.
create table mails (
-- [sqlite]
  id text primary key,
  purpose text not null,                 -- reset or verify
  user_id text references users (id) on delete cascade,
  address text not null,
-- [end]
-- [postgres]
  id text collate "C" primary key,
  purpose text collate "C" not null,
  user_id text collate "C" references users (id) on delete cascade,
  address text collate "C" not null,
-- [end]
  created_at bigint not null,
  due_at bigint not null default 0,      -- by the database's clock: the lease of the node that sends it, or the next try
  tries bigint not null default 0
);
create index mails_by_due on mails (due_at);

-- Codes that were sent, as hashes. Each works once, and only while the account has the address that it was sent to.
create table mail_codes (
-- [sqlite]
  hash text primary key,
  user_id text not null references users (id) on delete cascade,
  mail_id text not null,
  purpose text not null,
  email_key text not null,
-- [end]
-- [postgres]
  hash text collate "C" primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  mail_id text collate "C" not null,
  purpose text collate "C" not null,
  email_key text collate "C" not null,
-- [end]
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);
create index mail_codes_by_user on mail_codes (user_id, purpose, created_at);
