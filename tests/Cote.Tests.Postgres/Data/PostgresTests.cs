using Cote.Data;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Data;

/// <summary>What is PostgreSQL's alone: locks that wait, moments that statements see, errors that pass.</summary>
public sealed class PostgresTests
{
    [Fact]
    public async Task A_send_is_one_round_trip()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        // With nobody to answer: what is counted is the send alone, in this database alone.
        (await ada.PatchAsync($"/chats/{chat}", new { model = "demo/stall" })).Ok();
        await ada.AskAsync(chat, "the reply to this never ends, and keeps the others waiting");
        using var asked = new StatementListener(live.App);

        for (var i = 0; i < 5; i++)
            await ada.AskAsync(chat, $"question {i}");

        asked.Texts.Count(x => x.Contains("insert into messages", StringComparison.Ordinal)).ShouldBe(5);
    }

    [Fact]
    public async Task A_node_whose_program_is_too_old_for_the_schema_stops()
    {
        await using var live = await LiveApp.StartAsync();
        var ended = live.App.Ended;
        await using var db = (Npgsql.NpgsqlConnection)await live.App.ConnectAsync();
        ended.IsCompleted.ShouldBeFalse();

        await ExecuteAsync(db, "update meta set value = '9999' where key = 'schema_min'");

        await ended.InTimeAsync();
        live.App.Logs.ShouldContain(x => x.Contains("migration 9999", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_snapshot_whose_connection_breaks_ends_without_a_fault()
    {
        await using var live = await LiveApp.StartAsync();
        var snapshot = await live.App.Services.GetRequiredService<Database>().SnapshotAsync(default);
        var backend = (await snapshot.ListAsync(
            $"select cast(pg_backend_pid() as bigint)", row => row.GetInt64(0), default)).Single();

        await using (var db = (Npgsql.NpgsqlConnection)await live.App.ConnectAsync())
            await ExecuteAsync(db, $"select pg_terminate_backend({backend})");

        await Should.NotThrowAsync(async () => await snapshot.DisposeAsync());
        using var ada = await live.RegisterAsync();
        await ada.CreateChatAsync();
    }

    [Fact]
    public async Task A_send_that_waited_for_the_deletion_of_its_chat_finds_it_gone()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var db = (Npgsql.NpgsqlConnection)await live.App.ConnectAsync();
        // Another node deletes the chat and has not committed yet. A guard that was read before the wait would say that
        // it lives.
        await using var deletion = await db.BeginTransactionAsync();
        await ExecuteAsync(db, "update heads set unit = 'a deletion' ", "update chats set deleted_at = 1");

        var sending = ada.PostAsync($"/chats/{chat}/messages/", new { content = "too late" });
        await LockedAsync(db);
        await deletion.CommitAsync();

        (await sending).ShouldBeNoChat();
        (await CountAsync(db, "select count(*) from messages")).ShouldBe(0);
    }

    [Fact]
    public async Task Units_that_wait_for_each_other_are_all_committed()
    {
        await using var live = await LiveApp.StartAsync();
        await using var engine = await OpenAsync(live);
        var batch = new WriteBatch();
        string[] names = ["counter a", "counter b", "counter c", "counter d"];
        foreach (var name in names)
            batch.Execute($"insert into counters (name, value) values ({name}, 0)");
        await engine.WriteAsync(batch);
        const int each = 8, writers = 3;

        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            for (var i = 0; i < each; i++)
            {
                var add = new WriteBatch();
                foreach (var name in names.OrderBy(_ => Random.Shared.Next()))
                    add.Execute($"update counters set value = value + 1 where name = {name}");
                (await engine.WriteAsync(add)).ShouldBe(Outcome.Committed);
            }
        }));

        await using var session = await engine.ReadAsync(CancellationToken.None);
        (await session.ListAsync($"select value from counters where name like 'counter %'", row => row.GetInt64(0),
            CancellationToken.None))
            .ShouldBe(Enumerable.Repeat((long)writers * each, 4));
    }

    [Fact]
    public async Task A_row_whose_owner_goes_in_the_same_moment_is_looked_for_again()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        await using var engine = await OpenAsync(live);
        await using var db = (Npgsql.NpgsqlConnection)await live.App.ConnectAsync();
        await using var removal = await db.BeginTransactionAsync();
        await ExecuteAsync(db, $"delete from heads where user_id = '{ada.Id}'",
            $"delete from users where id = '{ada.Id}'");

        var batch = new WriteBatch();
        var inserted = batch.Execute(
            $"insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, "
            + $"fingerprint) select u.id, 'c', '', 0, 0, 0, 0, 0, '' from users u where u.id = {ada.Id}");
        var writing = engine.WriteAsync(batch);
        await LockedAsync(db);
        await removal.CommitAsync();

        (await writing).ShouldBe(Outcome.Committed);
        inserted.Changed.ShouldBe(0, "there is nobody any more to insert it for");
    }

    [Fact]
    public async Task Every_text_in_a_key_is_compared_by_its_bytes()
    {
        await using var live = await LiveApp.StartAsync();
        await using var db = (Npgsql.NpgsqlConnection)await live.App.ConnectAsync();
        const string texts = """
            from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
            join pg_attribute a on a.attrelid = t.oid and a.attnum = any(i.indkey) join pg_type y on y.oid = a.atttypid
            where n.nspname = current_schema() and y.typname = 'text'
            """;

        (await CountAsync(db, $"select count(*) {texts}")).ShouldBeGreaterThan(30);
        (await CountAsync(
            db, $"select count(*) {texts} and a.attcollation <> (select oid from pg_collation where collname = 'C')"))
            .ShouldBe(0,
            "a migration that adds a text to a key says collate \"C\" in PostgreSQL's block");
    }

    [Fact]
    public async Task A_claim_that_nobody_knows_of_goes_back_to_whoever_has_a_place()
    {
        await using var live = await LiveApp.StartAsync(CoteApp.LeaseFor(2), "Assistants:MaxParallelReplies=1");
        using var ada = await live.RegisterAsync();
        var chats = new[] { await ada.CreateChatAsync(), await ada.CreateChatAsync() };
        var gate = new Gate();
        var first = live.Play(FakeReply.After(gate).Then("first"));
        var second = live.Play(FakeReply.Text("second"));
        await ada.AskForAsync(chats[0], first);
        await first.NextCallAsync();
        var (_, stray) = await ada.AskForAsync(chats[1], second);
        await using var db = (Npgsql.NpgsqlConnection)await live.App.ConnectAsync();
        // As a commit leaves it whose answer was lost.
        await ExecuteAsync(db, $"""
            update messages set state = 'running', attempt = 1, lease_until = 9000000000000,
              owner = (select owner from messages where state = 'running') where id = '{stray}'
            """);
        gate.Open();

        (await ada.EndOfAsync(chats[1], stray)).Text("content").ShouldBe("second");
        second.Calls.ShouldBe(1);
    }

    static async Task<PostgresEngine> OpenAsync(LiveApp live)
    {
        var options = new DataOptions
        {
            Directory = Path.Combine(live.App.Data, "beside"),
            Postgres =
                new(live.App.Place.Single(x => x.Contains("Postgres", StringComparison.Ordinal)).Split('=', 2)[1]),
        };
        var engine = new PostgresEngine(options, new(options, NullLogger<DataFolder>.Instance),
            new Clock(TimeProvider.System), NullLogger<Database>.Instance, []);
        await engine.OpenAsync(CancellationToken.None);
        return engine;
    }

    static async Task ExecuteAsync(Npgsql.NpgsqlConnection db, params string[] statements)
    {
        foreach (var statement in statements)
        {
            await using var command = new Npgsql.NpgsqlCommand(statement, db);
            await command.ExecuteNonQueryAsync();
        }
    }

    static async Task<long> CountAsync(Npgsql.NpgsqlConnection db, string sql)
    {
        await using var command = new Npgsql.NpgsqlCommand(sql, db);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    static Task LockedAsync(Npgsql.NpgsqlConnection db) => Patience.UntilAsync(
        async () =>
            await CountAsync(
            db, "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and "
            + "datname = current_database()") > 0,
        "somebody waits for a lock");
}
