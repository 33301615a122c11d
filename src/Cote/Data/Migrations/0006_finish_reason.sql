-- How a model ended its reply, in the provider's words: stop, length, content_filter, tool_calls or another.
-- [sqlite]
alter table messages add column finish_reason text;
-- [end]
-- [postgres]
alter table messages add column finish_reason text collate "C";
-- [end]
