using System.Data.Common;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Cote.Tests.Data;

/// <summary>Tables of a host's own beside Cote's: their migrations, and what becomes of their rows.</summary>
public sealed class HostTablesTests
{
    const string Notes = """
        create table x_shop_notes (
          user_id text not null references users (id) on delete cascade, id text not null, text text, weight double precision,
          n bigint not null,
        -- [sqlite]
          bytes blob,
        -- [end]
        -- [postgres]
          bytes bytea,
        -- [end]
          primary key (user_id, id)
        );
        create table x_shop_lines (
          user_id text not null, note_id text not null, n bigint not null, primary key (user_id, note_id, n),
          foreign key (user_id, note_id) references x_shop_notes (user_id, id));
        """;

    const string Prices = """
        create table x_shop_prices (id text primary key, cents bigint not null);
        insert into x_shop_prices values ('b', 2), ('B', 1);
        """;

    [Fact]
    public async Task Migrations_run_once_in_order_after_Cotes_and_leave_its_history_alone()
    {
        await using var app = await StartAsync(Shop(Notes));
        var (own, cotes) = (await NamesAsync(app, "x_shop_migrations"), await NamesAsync(app, "migrations"));
        await app.RestartAsync();
        (await NamesAsync(app, "x_shop_migrations")).ShouldBe(own);
        var both = await app.ReplaceAsync(Shop(Notes, Prices));

        own.ShouldBe(["0001_m1"]);
        (await NamesAsync(both, "x_shop_migrations")).ShouldBe(["0001_m1", "0002_m2"]);
        (await NamesAsync(both, "migrations")).ShouldBe(cotes);
        both.Logs.ShouldContain(x => x.Contains("Migration 0002_m2 of shop is done"));
        (await both.RowsAsync())["x_shop_prices"].Count.ShouldBe(2);
        using var ada = await both.RegisterAsync();
        (await ada.GetAsync("/own/prices"))
            .Ok().Text.ShouldBe("""["B","b"]""", "texts are compared by their bytes on both engines");
    }

    [Fact]
    public async Task A_migration_that_was_changed_and_a_database_of_a_newer_host_are_refused()
    {
        await using var app = await StartAsync(Shop(Notes, Prices));

        (await RefusalAsync(app, Shop(Notes, Prices + " "))).ShouldBe(
            "Migration 0002_m2 of shop is not the one this database was made with. A migration that has run must "
                + "never be changed: add a new one.");
        (await RefusalAsync(app, Shop(Notes))).ShouldBe(
            "The database was made by a newer shop (it has migration 0002_m2, this program ends at 0001_m1). Start "
                + "that version, or restore a copy.");
        (await RefusalAsync(app, null)).ShouldBe(
            "The database has tables of the host shop, which this program does not know. "
            + "Start the program that made them, or drop them, x_shop_migrations last.");
        await app.ReplaceAsync(Shop(Notes, Prices));
    }

    [Theory]
    [InlineData("create table x_shop_more (id text primary key); insert into nowhere values (1)",
        "Migration 0002_m2 of shop has failed, and nothing of it is kept: ")]
    [InlineData("create table chats (id text primary key)",
        "Migration 0002_m2 of shop has failed, and nothing of it is kept: ")]
    [InlineData("create table orders (id text primary key)",
        "Migration 0002_m2 of shop is refused: it changes or makes the table orders; its tables begin with x_shop_.")]
    [InlineData("alter table chats add column colour text",
        "Migration 0002_m2 of shop is refused: it changes or makes the table chats; its tables begin with x_shop_.")]
    [InlineData("create table x_shop_more (id text)",
        "Migration 0002_m2 of shop is refused: it makes the table x_shop_more without a primary key.")]
    [InlineData("create table x_shop_more (id text primary key, at date)",
        "Migration 0002_m2 of shop is refused: it gives x_shop_more.at the type date; the types are text, bigint, "
        + "double precision, and blob or bytea.")]
    public async Task A_migration_that_fails_or_leaves_its_own_tables_changes_nothing(string sql, string refusal)
    {
        await using var app = await StartAsync(Shop(Notes));
        var before = await app.RowsAsync();

        (await RefusalAsync(app, Shop(Notes, sql))).ShouldStartWith(refusal);

        var again = await app.ReplaceAsync(Shop(Notes));
        (await again.RowsAsync()).Keys.ShouldBe(before.Keys, ignoreOrder: true);
        (await NamesAsync(again, "x_shop_migrations")).ShouldBe(["0001_m1"]);
        using var ada = await again.RegisterAsync();
        (await ada.GetAsync("/chats/")).Ok();
    }

    [Fact]
    public async Task Every_table_must_be_declared_as_it_is()
    {
        await using var app = await StartAsync(Shop(Notes));

        (await RefusalAsync(
            app, x => x.AddTables("shop", y => y.Migration("m1", Notes).Table("x_shop_notes", "user_id")))).ShouldBe(
            "The host shop does not say what its table x_shop_lines holds: name it with Table().");
        (await RefusalAsync(
            app, x => x.AddTables("shop",
            y => y.Migration("m1", Notes).Table("x_shop_notes", "user_id").Table("x_shop_lines")))).ShouldBe(
            "The table x_shop_lines of shop has a column user_id: say so with Table(), or an erasure leaves its rows.");
        (await RefusalAsync(
            app, x => x.AddTables("shop",
            y => y.Migration("m1", Notes).Table("x_shop_notes", "owner").Table("x_shop_lines", "user_id")))).ShouldBe(
            "The table x_shop_notes of shop has no column owner.");
        (await RefusalAsync(
            app, x =>
            x.AddTables("shop", y => y.Migration("m1", Notes)
            .Table("x_shop_notes", "user_id").Table("x_shop_lines", "user_id").Table("x_shop_gone")))).ShouldBe(
            "No migration of shop has made the table x_shop_gone.");
    }

    [Fact]
    [Trait("Rows", "none")]
    public void Names_that_could_meet_others_are_refused_at_once()
    {
        foreach (var name in new[] { "", "Shop", "shop_eu", "1shop", "a-much-too-long-name-of-a-host" })
            Should.Throw<ArgumentException>(() => CoteHost.Create([], x => x.AddTables(name, _ => { })));
        Should.Throw<ArgumentException>(() => CoteHost.Create([], x => x.AddTables("shop", y => y.Table("chats"))));
        Should.Throw<ArgumentException>(
            () => CoteHost.Create([], x => x.AddTables("shop", y => y.Table("x_shop_a").Table("x_shop_a"))));
        Should.Throw<ArgumentException>(
            () => CoteHost.Create([], x => x.AddTables("shop", _ => { }).AddTables("shop", _ => { })));
    }

    [Fact]
    public async Task Rows_are_written_and_read_in_a_transaction_exported_with_their_user_and_erased_with_the_account()
    {
        await using var app = await StartAsync(Shop(Notes, Prices));
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        (await ada.PostAsync("/own/notes?count=1200")).Ok();
        (await eve.PostAsync("/own/notes?count=1")).Ok();
        (await eve.PostAsync("/own/notes?count=1")).Status.ShouldBe(409);

        var tables = (await ada.GetAsync("/users/me/export")).Ok().Json.GetProperty("tables");
        (await eve.GetAsync("/users/me/export"))
            .Ok().Json.GetProperty("tables").GetProperty("x_shop_notes").GetRawText().ShouldBe(
            $$"""[{"user_id":"{{eve.Id}}","id":"0000","text":null,"weight":0.5,"n":0,"bytes":"AQID"}]""");
        (await ada.DeleteAsync("/users/me")).Ok();

        tables.GetProperty("x_shop_notes").GetArrayLength().ShouldBe(1_200);
        tables.GetProperty("x_shop_notes")
            .EnumerateArray().Select(x => x.GetProperty("user_id").GetString()).Distinct().ShouldBe([ada.Id]);
        tables.TryGetProperty("x_shop_lines", out _).ShouldBeFalse("it is declared so");
        tables.TryGetProperty("x_shop_prices", out _).ShouldBeFalse("it is nobody's");
        var rows = await app.RowsAsync();
        rows["x_shop_notes"].ShouldHaveSingleItem().ShouldStartWith(eve.Id);
        rows["x_shop_lines"].ShouldHaveSingleItem().ShouldStartWith(eve.Id);
        rows["x_shop_prices"].Count.ShouldBe(2);
    }

    /// <summary>A host with these migrations, that declares the tables which they make, and writes to them.</summary>
    internal static Action<CoteBuilder> Shop(params string[] migrations) => add => add
        .AddTables("shop", tables =>
        {
            for (var i = 0; i < migrations.Length; i++)
                tables.Migration($"m{i + 1}", migrations[i]);
            tables.Table("x_shop_notes", user: "user_id").Table("x_shop_lines", user: "user_id", isExported: false);
            if (migrations.Any(x => x.StartsWith(Prices, StringComparison.Ordinal)))
                tables.Table("x_shop_prices");
        })
        .Map(routes =>
        {
            routes.MapPost("/own/notes", PostAsync).RequireAuthorization();
            routes.MapGet("/own/prices", async (Database db, CancellationToken ct) =>
                await db.ListAsync($"select id from x_shop_prices order by id", row => row.GetString(0), ct))
                    .RequireAuthorization();
        });

    internal static string[] Both => [Notes, Prices];

    static async Task<IResult> PostAsync(CurrentUser user, Database db, int count)
    {
        var batch = new WriteBatch();
        for (var i = 0; i < count; i++)
            batch.Execute($"""
                insert into x_shop_notes (user_id, id, weight, n, bytes)
                values ({user.Id}, {i.ToString("0000")}, {0.5}, {(long)i}, {new byte[] { 1, 2, 3 }})
                """);
        batch.Execute($"insert into x_shop_lines (user_id, note_id, n) values ({user.Id}, '0000', 1)");
        return await db.WriteAsync(batch) == Outcome.Committed ? Results.Ok() : Results.Conflict();
    }

    static Task<CoteApp> StartAsync(Action<CoteBuilder> add) => CoteApp.StartAsync(add);

    static async Task<string> RefusalAsync(CoteApp app, Action<CoteBuilder>? add)
    {
        var refusal = (await Should.ThrowAsync<StartupException>(() => app.ReplaceAsync(add))).Message;
        await app.StopAsync(); // what came of a start that was refused still has the folder
        return refusal;
    }

    static async Task<List<string>> NamesAsync(CoteApp app, string history)
    {
        await using var db = await app.ConnectAsync();
        await using var command = db.CreateCommand();
        command.CommandText = $"select name from {history} order by number";
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync())
            names.Add(reader.GetString(0));
        return names;
    }
}
