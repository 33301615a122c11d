-- An event is inserted from the head of its user, which refers to the user and is locked: to look for the user once more
-- costs each event a query and a lock.
-- [postgres]
alter table events drop constraint events_user_id_fkey;
-- [end]
