-- What PostgreSQL needs beside the tables that both engines share.

-- [postgres]
-- Texts are compared by their bytes, as SQLite does: ids and keys are paged by `>`, whatever the database's language.
do $$
declare
  c record;
begin
  for c in select table_name, column_name from information_schema.columns
    where table_schema = current_schema() and data_type = 'text' and table_name <> 'migrations'
  loop
    execute format('alter table %I alter column %I type text collate "C"', c.table_name, c.column_name);
  end loop;
end
$$;

-- Every change updates the head of its user: with room in the page the new version needs no entry in an index.
alter table heads set (fillfactor = 50);
alter table counters set (fillfactor = 10);
-- [end]
