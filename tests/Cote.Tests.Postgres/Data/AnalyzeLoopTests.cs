using System.Data.Common;
using System.Globalization;
using Cote.Data;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cote.Tests.Data;

/// <summary>Tables that were almost empty are analyzed as they grow, and those of an upgrade once.</summary>
public sealed class AnalyzeLoopTests : IAsyncLifetime
{
    StillApp? _app;
    DbConnection? _db;

    AnalyzeLoop Loop => _app!.Services.GetServices<IHostedService>().OfType<AnalyzeLoop>().Single();

    public async ValueTask InitializeAsync()
    {
        _app = await StillApp.OpenOnEngineAsync();
        _db = await _app.ConnectAsync();
        await ExecuteAsync("alter table chats set (autovacuum_enabled = off)");
    }

    public async ValueTask DisposeAsync()
    {
        if (_db is not null)
            await _db.DisposeAsync();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    [Fact]
    public async Task A_table_is_analyzed_each_time_that_it_has_tripled()
    {
        await Loop.RunOnceAsync(default);
        await GrowAsync(0, 200);
        (await AnalyzedAsync()).ShouldBeLessThan(200);

        await GrowAsync(200, 300);
        (await AnalyzedAsync()).ShouldBe(300);

        await GrowAsync(300, 1_100);
        (await AnalyzedAsync()).ShouldBe(300);

        await GrowAsync(1_100, 1_101);
        (await AnalyzedAsync()).ShouldBe(1_101);
    }

    [Fact]
    public async Task The_first_look_analyzes_what_was_never_analyzed_with_the_shares_of_the_migrations()
    {
        await ExecuteAsync("alter table chats alter column user_id reset (n_distinct)");
        await GrowAsync(0, 100);
        await ExecuteAsync("analyze chats");
        await ExecuteAsync("alter table chats alter column user_id set (n_distinct = -0.001)");
        (await ShareAsync()).ShouldBe("1");

        await Loop.RunOnceAsync(default);

        (await ShareAsync()).ShouldBe("-0.001");
        (await ReadAsync("select cast(count(last_analyze) as text) from pg_stat_user_tables")).ShouldBe("1");
    }

    [Fact]
    public async Task A_table_that_is_locked_is_tried_again_for_twelve_rounds()
    {
        await Loop.RunOnceAsync(default);
        await using var other = await _app!.ConnectAsync();
        await GrowAsync(0, 300);

        await using (await LockAsync(other))
            (await AnalyzedAsync()).ShouldBeLessThan(300);
        (await AnalyzedAsync()).ShouldBe(300);

        await GrowAsync(300, 2_000);
        await using (await LockAsync(other))
            for (var i = 0; i < 12; i++)
                (await AnalyzedAsync()).ShouldBe(300);
        (await AnalyzedAsync()).ShouldBe(300);
    }

    [Fact]
    public async Task What_is_analyzed_with_a_share_is_not_analyzed_again_however_the_share_is_written()
    {
        await ExecuteAsync("alter table chats alter column user_id set (n_distinct = -0.00100)");
        await GrowAsync(0, 100);
        await ExecuteAsync("analyze chats");

        await Loop.RunOnceAsync(default);

        (await ReadAsync("select cast(analyze_count as text) from pg_stat_user_tables where relname = 'chats'"))
            .ShouldBe("1");
    }

    static async Task<DbTransaction> LockAsync(DbConnection other)
    {
        var transaction = await other.BeginTransactionAsync();
        await using var command = other.CreateCommand();
        command.CommandText = "lock table chats in share update exclusive mode";
        await command.ExecuteNonQueryAsync();
        return transaction;
    }

    // The rows that the table had when it was analyzed last, after a round.
    async Task<float> AnalyzedAsync()
    {
        await Loop.RunOnceAsync(default);
        return float.Parse(
            await ReadAsync("select cast(reltuples as text) from pg_class where oid = cast('chats' as regclass)"),
            CultureInfo.InvariantCulture);
    }

    // A session tells the counts of a table to others when it is idle, or a second after the last time.
    async Task GrowAsync(int from, int to)
    {
        await ExecuteAsync($"""
            set session_replication_role = replica;
            insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed,
              fingerprint)
            select 'u', i, '', 0, 0, 0, i, 0, '' from generate_series({from + 1}, {to}) i
            """);
        const string Told = "select cast(pg_stat_get_live_tuples(cast('chats' as regclass)) as text)";
        await Patience.UntilAsync(async () => await ReadAsync(Told) == $"{to}", "the counts are told");
    }

    Task<string> ShareAsync() => ReadAsync(
        "select cast(n_distinct as text) from pg_stats where tablename = 'chats' and attname = 'user_id'");

    async Task<string> ReadAsync(string sql)
    {
        await using var command = _db!.CreateCommand();
        command.CommandText = sql;
        return (string)(await command.ExecuteScalarAsync())!;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = _db!.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
