-- What a client of another dialect asks of one reply, and what it says of its chat.
-- [sqlite]
alter table messages add column options text;        -- of a reply: JSON, see ReplyOptions
alter table messages add column request_hash text;   -- of a question: the request that sent it
alter table chats add column origin text;            -- the dialect that made it; null: Cote's own
alter table chats add column metadata text;          -- JSON, the client's own
-- [end]
-- [postgres]
alter table messages add column options text collate "C";
alter table messages add column request_hash text collate "C";
alter table chats add column origin text collate "C";
alter table chats add column metadata text collate "C";
-- [end]
alter table tool_calls add column call_attempt bigint not null default 0;  -- the fence of the model call that asked for it
alter table tool_calls add column asked bigint not null default 0;  -- 1: a person or the client is asked

create index messages_requests on messages (user_id, request_hash) where request_hash is not null;
