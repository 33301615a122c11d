using Cote.Data;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Data;

public sealed class MigratorTests : IDisposable
{
    static readonly Migrator.Migration One =
        new(1, "0001_one", "create table one (id integer);\ninsert into one values (1);\n");
    static readonly Migrator.Migration Two = new(2, "0002_two", """
        -- [sqlite]
        create table two (engine text default 'sqlite');
        -- [end]
        -- [postgres]
        create table two (engine text default 'postgres') nonsense;
        -- [end]
        insert into two default values;
        """);

    readonly string _folder = Directory.CreateTempSubdirectory("cote-migrations-").FullName;
    readonly SqliteSession _session;
    readonly string _file;

    public MigratorTests()
    {
        _file = Path.Combine(_folder, "test.db");
        _session = new(_file, SqliteOpenMode.ReadWriteCreate);
    }

    public void Dispose()
    {
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_is_missing_runs_once_in_order()
    {
        await RunAsync(One);
        await RunAsync(One, Two);
        await RunAsync(One, Two);

        List($"select name from migrations order by number").ShouldBe(["0001_one", "0002_two"]);
        List($"select cast(count(*) as text) from one").ShouldBe(["1"]);
        List($"select engine from two").ShouldBe(["sqlite"]);
    }

    [Fact]
    public async Task The_database_is_copied_before_there_is_something_to_lose()
    {
        await RunAsync(One);
        await RunAsync(One);
        Directory.GetFiles(_folder, "*.before-*").ShouldBeEmpty();
        await RunAsync(One, Two);

        var copy = Directory.GetFiles(_folder, "*.before-*").ShouldHaveSingleItem();
        copy.ShouldBe(_file + ".before-0002");
        using var before = new SqliteSession(copy, SqliteOpenMode.ReadOnly);
        before.List($"select name from migrations", row => row.GetString(0), null).ShouldBe(["0001_one"]);
    }

    [Fact]
    public async Task A_migration_that_was_changed_is_refused()
    {
        await RunAsync(One);

        (await Should.ThrowAsync<StartupException>(
            () => RunAsync(new Migrator.Migration(1, One.Name, One.Text + " ")))).Message.ShouldBe(
            "Migration 0001_one is not the one this database was made with. A migration that has run must never be "
                + "changed: add a new one.");
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused()
    {
        await RunAsync(One, Two);

        (await Should.ThrowAsync<StartupException>(() => RunAsync(One))).Message.ShouldBe(
            "The database was made by a newer Cote (it has migration 0002_two, this program ends at 0001_one). Start "
                + "that version, or restore a copy.");
        List($"select engine from two").ShouldBe(["sqlite"]);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_of_itself_and_those_before_it()
    {
        var broken = new Migrator.Migration(
            2, "0002_broken", "create table half (id integer);\ninsert into nowhere values (1);\n");

        await RunAsync(One);
        await Should.ThrowAsync<SqliteException>(() => RunAsync(One, broken));

        List($"select name from sqlite_master where type = 'table' order by name").ShouldBe(["migrations", "one"]);
        List($"select name from migrations").ShouldBe(["0001_one"]);
        _session.InTransaction.ShouldBeFalse();
        await RunAsync(One, Two);
    }

    [Fact]
    public async Task A_new_database_is_made_whole_or_not_at_all()
    {
        var broken = new Migrator.Migration(2, "0002_broken", "insert into nowhere values (1);\n");

        await Should.ThrowAsync<SqliteException>(() => RunAsync(One, broken));

        List($"select name from sqlite_master where type = 'table' order by name").ShouldBe(["migrations"]);
        List($"select name from migrations").ShouldBeEmpty();
        await RunAsync(One, Two);
        List($"select engine from two").ShouldBe(["sqlite"]);
    }

    [Fact]
    public async Task The_programs_own_migrations_are_numbered_without_a_gap_and_make_a_whole_database()
    {
        var all = Migrator.All(typeof(Migrator).Assembly);

        all.Select(x => x.Number).ShouldBe(Enumerable.Range(1, all.Count));
        await RunAsync([.. all]);
        List($"select integrity_check from pragma_integrity_check").ShouldBe(["ok"]);
    }

    Task<bool> RunAsync(params Migrator.Migration[] all) =>
        new Migrator(NullLogger.Instance, new(TimeProvider.System))
            .RunAsync(new SqliteMigrationConnection(_session, _file), new MigrationHistory("Cote", "migrations", all),
            isNew: false);

    IReadOnlyList<string> List(Sql sql) => _session.List(sql, row => row.GetString(0), null);
}
