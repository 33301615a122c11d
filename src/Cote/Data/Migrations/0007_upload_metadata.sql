-- The header `Upload-Metadata` of a resumable upload as its client sent it: tus has HEAD give it back. Empty: none was sent.
-- [sqlite]
alter table uploads add column metadata text not null default '';
-- [end]
-- [postgres]
alter table uploads add column metadata text collate "C" not null default '';
-- [end]
