-- Each node renews the leases of its running replies every five seconds: it reads its own, and not those of all nodes.
-- [postgres]
create index messages_owned on messages (owner) where state = 'running';
-- [end]
