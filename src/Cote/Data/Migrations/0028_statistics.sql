-- How many rows PostgreSQL takes a user for, as a share of the table: a thousand messages, chats and searched texts, a
-- hundred of all else. What it would measure is a mean, and where most users have one or two, it reads all rows of
-- those who have thousands: docs/decisions/0056. It holds from the next time that the table is analyzed.
-- [postgres]
alter table api_keys alter column user_id set (n_distinct = -0.01);
alter table audit alter column user_id set (n_distinct = -0.01);
alter table calls alter column user_id set (n_distinct = -0.01);
alter table chat_jobs alter column user_id set (n_distinct = -0.01);
alter table chats alter column user_id set (n_distinct = -0.001);
alter table devices alter column user_id set (n_distinct = -0.01);
alter table events alter column user_id set (n_distinct = -0.01);
alter table identities alter column user_id set (n_distinct = -0.01);
alter table import_skips alter column user_id set (n_distinct = -0.01);
alter table imports alter column user_id set (n_distinct = -0.01);
alter table login_codes alter column user_id set (n_distinct = -0.01);
alter table mail_codes alter column user_id set (n_distinct = -0.01);
alter table mails alter column user_id set (n_distinct = -0.01);
alter table media alter column user_id set (n_distinct = -0.01);
alter table media_forms alter column user_id set (n_distinct = -0.01);
alter table message_media alter column user_id set (n_distinct = -0.01);
alter table message_parts alter column user_id set (n_distinct = -0.01);
alter table messages alter column user_id set (n_distinct = -0.001);
alter table pushes alter column user_id set (n_distinct = -0.01);
alter table repeated_calls alter column user_id set (n_distinct = -0.01);
alter table search_documents alter column user_id set (n_distinct = -0.001);
alter table sessions alter column user_id set (n_distinct = -0.01);
alter table shares alter column user_id set (n_distinct = -0.01);
alter table tool_calls alter column user_id set (n_distinct = -0.01);
alter table upload_pieces alter column user_id set (n_distinct = -0.01);
alter table uploads alter column user_id set (n_distinct = -0.01);
alter table webhooks alter column user_id set (n_distinct = -0.01);
-- [end]
