-- Who a subject of an issuer is here. The hash is of both, and outlives the account.
create table identities (
-- [sqlite]
  issuer text not null,
  subject text not null,
  user_id text not null references users (id) on delete cascade,
  id text not null,
  hash text not null,
  email text,
-- [end]
-- [postgres]
  issuer text collate "C" not null,
  subject text collate "C" not null,
  user_id text collate "C" not null references users (id) on delete cascade,
  id text collate "C" not null,
  hash text collate "C" not null,
  email text collate "C",
-- [end]
  created_at bigint not null,
  primary key (issuer, subject)
);
create unique index identities_by_hash on identities (hash);
create index identities_by_user on identities (user_id, created_at);

-- Identities of erased accounts: tokens that were issued up to the moment are refused.
create table forgotten_identities (
-- [sqlite]
  hash text primary key,
-- [end]
-- [postgres]
  hash text collate "C" primary key,
-- [end]
  erased_at bigint not null
);

-- What their accounts had used of models in the windows that were open. A row of the first day of a month is of all of
-- its days but the one that has a row. Those of one unit are of one account, whichever of its identities they are under.
create table forgotten_usage (
-- [sqlite]
  hash text not null,
  unit text not null,
-- [end]
-- [postgres]
  hash text collate "C" not null,
  unit text collate "C" not null,
-- [end]
  day bigint not null,
  tokens bigint not null,
  cost bigint not null,
  primary key (hash, day)
);

-- A session that came about by an issuer has its name. One that holds the issuer's own access tokens has their key, and
-- of those that were seen the last end and the last moment of issue. One that an id token was exchanged for has the key
-- of that as its origin, and its moment of issue.
-- [sqlite]
alter table sessions add column issuer text;
alter table sessions add column token_key text;
alter table sessions add column origin_key text;
-- [end]
-- [postgres]
alter table sessions add column issuer text collate "C";
alter table sessions add column token_key text collate "C";
alter table sessions add column origin_key text collate "C";
-- [end]
alter table sessions add column token_until bigint;
alter table sessions add column token_iat bigint;
create unique index sessions_by_token on sessions (token_key) where token_key is not null and revoked_at is null;

-- Keys of tokens whose session was ended: what was issued up to the moment is refused, and of a key that is an issuer's
-- session (`sid:…`) everything.
create table ended_keys (
-- [sqlite]
  token_key text primary key,
-- [end]
-- [postgres]
  token_key text collate "C" primary key,
-- [end]
  ended_at bigint not null
);

-- Logins in a browser that are under way at an issuer, by the hash of what comes back with the browser.
create table browser_logins (
-- [sqlite]
  hash text primary key,
  issuer text not null,
  callback text not null,
  redirect_uri text not null,
  state text not null,
  challenge text not null,
-- [end]
-- [postgres]
  hash text collate "C" primary key,
  issuer text collate "C" not null,
  callback text collate "C" not null,
  redirect_uri text collate "C" not null,
  state text collate "C" not null,
  challenge text collate "C" not null,
-- [end]
  expires_at bigint not null
);

-- Codes that an app redeems for a session.
create table login_codes (
-- [sqlite]
  hash text primary key,
  user_id text not null references users (id) on delete cascade,
  issuer text not null,
  redirect_uri text not null,
  challenge text not null,
-- [end]
-- [postgres]
  hash text collate "C" primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  issuer text collate "C" not null,
  redirect_uri text collate "C" not null,
  challenge text collate "C" not null,
-- [end]
  expires_at bigint not null
);
create index login_codes_by_user on login_codes (user_id);
