-- What search looks through: a row for each text of a message, and for each title (`message_id` is empty). `id` ascends
-- with the time of the text, so that the index gives the newest first; `terms` are made by the program.
create table search_documents (
-- [sqlite]
  id integer primary key,
  user_id text not null,
  chat_id text not null,
  message_id text not null,
  terms text not null
-- [end]
-- [postgres]
  id bigint primary key,
  user_id text collate "C" not null,
  chat_id text collate "C" not null,
  message_id text collate "C" not null,
  terms tsvector not null
-- [end]
);
create unique index search_documents_by_text on search_documents (user_id, chat_id, message_id);
create index search_documents_by_user on search_documents (user_id, id);
create index search_documents_by_chat on search_documents (user_id, chat_id, id);

-- How far the index follows a user's log. `number` is the user's short name in terms. While `goal` is not 0 the rows of
-- the user are read anew: `place` is the one that was read last, and at the end the index stands at the event `goal`.
create table search_marks (
-- [sqlite]
  user_id text primary key references users (id) on delete cascade,
  number bigint not null,
  mark bigint not null,
  goal bigint not null,
  place text not null
-- [end]
-- [postgres]
  user_id text collate "C" primary key references users (id) on delete cascade,
  number bigint not null,
  mark bigint not null,
  goal bigint not null,
  place text collate "C" not null
-- [end]
);
create unique index search_marks_by_number on search_marks (number);

-- The node that keeps the index up, until a time of the database's clock.
create table search_lease (
-- [sqlite]
  name text primary key,
  owner text not null,
-- [end]
-- [postgres]
  name text collate "C" primary key,
  owner text collate "C" not null,
-- [end]
  until bigint not null
);

-- [sqlite]
-- `secure-delete` takes the terms of a document out of the index when it goes, and not at some later merge.
create virtual table search_index using fts5 (
  terms, content = 'search_documents', content_rowid = 'id', columnsize = 0, detail = none,
  tokenize = "ascii tokenchars '._-'"
);
insert into search_index (search_index, rank) values ('secure-delete', 1);
create trigger search_documents_added after insert on search_documents begin
  insert into search_index (rowid, terms) values (new.id, new.terms);
end;
create trigger search_documents_removed after delete on search_documents begin
  insert into search_index (search_index, rowid, terms) values ('delete', old.id, old.terms);
end;
-- [end]
-- [postgres]
-- A short list of entries that wait: each search reads all of it.
create index search_index on search_documents using gin (terms) with (gin_pending_list_limit = 256);
-- [end]
