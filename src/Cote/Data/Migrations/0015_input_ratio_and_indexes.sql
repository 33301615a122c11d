-- Of a reply: how many tokens of input its provider counted in its last call, in thousandths of the estimate. Null where
-- it did not say, or the prompt was short.
alter table messages add column input_ratio bigint;

-- A document is looked for by its message, whose id is its user's alone. An index by chat first is not told from that by
-- chat and place until the tables are analyzed.
drop index search_documents_by_text;
create unique index search_documents_by_message on search_documents (user_id, message_id, chat_id);

-- Each send asks whether a reply of its chat waits: an index of its own, or it reads all that are open.
create index messages_waiting_in on messages (user_id, chat_id) where state = 'waiting';
