-- What loops look for each minute or ten: a round reads what it removes, and not all there is.
-- [postgres]
-- Older nodes write to these tables in this order: in another one, they and the migration could wait for each other.
lock table mail_codes, audit, users, sessions, api_keys in share mode;
-- [end]
create index sessions_by_expiry on sessions (expires_at);
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;
create index api_keys_by_expiry on api_keys (expires_at) where expires_at is not null;
create index api_keys_revoked on api_keys (revoked_at) where revoked_at is not null;
create index users_erased on users (id) where erased_at is not null;
create index mail_codes_by_age on mail_codes (created_at);
create index audit_by_time on audit (at);
