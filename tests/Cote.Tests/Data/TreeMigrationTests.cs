using System.Diagnostics;
using Cote.Data;
using Cote.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Data;

/// <summary>Migration 0008: what was a list becomes a tree.</summary>
public sealed class TreeMigrationTests(ITestOutputHelper output)
{
    const int Before = 7;

    [Fact]
    public async Task Every_old_message_gets_its_parent_and_every_chat_its_leaf()
    {
        await using var database = await Engine.OpenEmptyAsync();
        await MigrateAsync(database.Connection, x => x.Number <= Before);
        await FillAsync(database.Connection, users: 2, chats: 3, turns: 4);
        var of = "user_id = 'u0' and chat_id = 'u0-c0'";
        // A question with its reply was deleted in the middle, and the last reply is on its way.
        await database.Connection.ExecuteAsync(
            $"update messages set deleted_at = 1, content = '' where {of} and seq in (3, 4)");
        await database.Connection.ExecuteAsync(
            $"update messages set state = 'queued', event_seq = 0, listed = 0 where {of} and seq = 8");
        await database.Connection.ExecuteAsync("update chats set temperature = 0.5, max_tokens = 7");

        await MigrateAsync(database.Connection, _ => true);

        (await database.Connection.ListAsync(
            $"""
            select m.seq, m.parent_id, m.on_path, m.begun_seq, m.max_tokens from messages m
            where m.user_id = 'u0' and m.chat_id = 'u0-c0' order by m.seq
            """, row => (row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64OrNull(4))))
            .ShouldBe(
            [
                (1, "", 1, 0, null), (2, "u0-c0-1", 1, 0, null), (3, "", 0, 0, null), (4, "", 0, 0, null),
                (5, "u0-c0-2", 1, 0, null), (6, "u0-c0-5", 1, 0, null), (7, "u0-c0-6", 1, 0, null),
                (8, "u0-c0-7", 1, 7, 7),
            ]);
        (await database.Connection.ListAsync(
            $"select c.leaf_id from chats c order by c.user_id, c.id", row => row.GetString(0)))
            .ShouldBe(["u0-c0-8", "u0-c1-8", "u0-c2-8", "u1-c0-8", "u1-c1-8", "u1-c2-8"]);
        (await database.Connection.ListAsync(
            $"select count(*) from messages m where m.parent_id = '' and m.deleted_at is null", row => row.GetInt64(0)))
            .ShouldBe([6]);
    }

    // make migration-figures
    [Fact, Trait("Stage", "figures")]
    public async Task A_million_messages()
    {
        await using var database = await Engine.OpenEmptyAsync();
        await MigrateAsync(database.Connection, x => x.Number <= Before);
        await FillAsync(database.Connection, users: 100, chats: 100, turns: 50);
        var watch = Stopwatch.StartNew();
        await MigrateAsync(database.Connection, x => x.Number <= Before + 1);
        output.WriteLine($"1,000,000 messages of 10,000 chats: {watch.Elapsed.TotalSeconds:0.0} s ({database.Connection.Engine})");
    }

    // Each chat has so many questions, each with its reply.
    static Task FillAsync(MigrationConnection database, int users, int chats, int turns) => database.ExecuteAsync($"""
        create table n (i bigint primary key);
        with recursive count (i) as (select 0 union all select i + 1 from count where i < {Math.Max(users, Math.Max(chats, 2 * turns))})
        insert into n (i) select i from count;
        insert into users (id, username, username_key, email, email_key, password_hash, created_at)
        select 'u' || i, 'u' || i, 'u' || i, 'u' || i, 'u' || i, '', 0 from n where i < {users};
        insert into heads (user_id) select id from users;
        insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, fingerprint)
        select u.id, u.id || '-c' || n.i, 'chat', 0, 1, 0, n.i, 1, '' from users u, n where n.i < {chats};
        insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, reply_to_id, timestamp,
          listed, event_seq, state)
        select c.user_id, c.id || '-' || n.i, c.id, n.i, case when n.i % 2 = 1 then 'user' else 'ai' end, 'text', 'text {new string('x', 200)}',
          'sent', 'normal', case when n.i % 2 = 0 then c.id || '-' || (n.i - 1) end, n.i, 1, n.i,
          case when n.i % 2 = 0 then 'completed' end
        from chats c, n where n.i between 1 and {2 * turns};
        drop table n;
        """);

    static async Task MigrateAsync(MigrationConnection database, Func<Migrator.Migration, bool> which) =>
        await new Migrator(NullLogger.Instance, new(TimeProvider.System)).RunAsync(
            database,
            new MigrationHistory("Cote", "migrations", [.. Migrator.All(typeof(Migrator).Assembly).Where(which)]),
            isNew: false);
}
