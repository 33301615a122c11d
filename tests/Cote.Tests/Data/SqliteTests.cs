using Cote.Data;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Data;

public sealed class SqliteTests : IDisposable
{
    // The rows of these tests; a migration has one of its own.
    static readonly Sql Own = $"key <> 'schema_min'";

    readonly string _folder = Directory.CreateTempSubdirectory("cote-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Many_writes_at_once_are_all_kept()
    {
        await using var engine = await OpenAsync();
        var db = new Database(engine);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => db.WriteAsync(Put($"k{i}"))));

        outcomes.ShouldAllBe(x => x == Outcome.Committed);
        (await CountAsync(db)).ShouldBe(1_000);
    }

    [Fact]
    public async Task A_conflict_in_one_unit_of_a_group_leaves_the_others()
    {
        await using var engine = await OpenAsync();
        var db = new Database(engine);
        using var reader = new SqliteSession(File, SqliteOpenMode.ReadOnly);
        using var gate = new ManualResetEventSlim();
        var blocked = db.WriteAsync(Blocked(gate, out var began));
        await began.InTimeAsync();
        long seenInside = -1, seenOutside = -1;
        var asking = Put("d");
        asking.Query($"select count(*) from meta where key in ('a', 'c')", row =>
        {
            // While the last of the group runs, nobody else has seen the first: they are one transaction.
            seenOutside = reader.List($"select count(*) from meta where key in ('a', 'c')",
                x => x.GetInt64(0), null)[0];
            return seenInside = row.GetInt64(0);
        });

        var (a, b, c, e, d) = (db.WriteAsync(Put("a")), db.WriteAsync(Put("b", "a")), db.WriteAsync(Put("c")),
            db.WriteAsync(Broken("e")), db.WriteAsync(asking));
        gate.Set();

        (await blocked, await a, await b, await c, await d)
            .ShouldBe((Outcome.Committed, Outcome.Committed, Outcome.Conflict, Outcome.Committed, Outcome.Committed));
        (await Should.ThrowAsync<ProblemException>(e)).Problem.ShouldBe(Problems.Internal);
        (seenInside, seenOutside).ShouldBe((2, 0));
        (await KeysAsync(db)).ShouldBe(["a", "c", "d"]);
    }

    [Fact]
    public async Task A_fault_in_the_code_that_reads_a_row_is_of_its_own_unit_alone()
    {
        await using var engine = await OpenAsync();
        var db = new Database(engine);
        using var gate = new ManualResetEventSlim();
        var blocked = db.WriteAsync(Blocked(gate, out var began));
        await began.InTimeAsync();
        var faulty = Put("b");
        faulty.Query<string>($"select key from meta where key = 'b'", _ => throw new FormatException("of a host"));

        var (a, b, c) = (db.WriteAsync(Put("a")), db.WriteAsync(faulty), db.WriteAsync(Put("c")));
        gate.Set();

        (await blocked, await a, await c).ShouldBe((Outcome.Committed, Outcome.Committed, Outcome.Committed));
        (await Should.ThrowAsync<FormatException>(b)).Message.ShouldBe("of a host");
        engine.IsHealthy.ShouldBeTrue();
        (await KeysAsync(db)).ShouldBe(["a", "c"]);
    }

    [Fact]
    public async Task A_unit_is_all_or_nothing_and_says_what_it_changed()
    {
        await using var engine = await OpenAsync();
        var db = new Database(engine);
        var batch = Put("a", "b");
        var changed = batch.Execute($"update meta set value = 'changed' where key in ('a', 'b')");
        var rows = batch.Query($"select key from meta where value = 'changed' order by key", row => row.GetString(0));

        (await db.WriteAsync(batch)).ShouldBe(Outcome.Committed);
        (await db.WriteAsync(Put("c", "d", "a"))).ShouldBe(Outcome.Conflict);
        await Should.ThrowAsync<ProblemException>(db.WriteAsync(Broken("e")));

        (changed.Changed, rows.First, rows.Items.Count).ShouldBe((2, "a", 2));
        (await KeysAsync(db)).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task A_statement_that_answers_rows_is_done_once()
    {
        await using var engine = await OpenAsync();
        var db = new Database(engine);
        await db.WriteAsync(Put("counted"));
        var batch = new WriteBatch();
        var counted = batch.Query($"update meta set value = value || 'x' where key = 'counted' returning value",
            row => row.GetString(0));

        await db.WriteAsync(batch);

        counted.Items.ShouldHaveSingleItem().ShouldEndWith("x");
        counted.First.ShouldNotEndWith("xx");
        counted.Changed.ShouldBe(1);
        (await db.FirstAsync($"select value from meta where key = 'counted'", row => row.GetString(0),
            CancellationToken.None)).ShouldBe(counted.First);
    }

    [Fact]
    public async Task Values_go_in_and_come_out_as_they_are()
    {
        await using var engine = await OpenAsync();
        var db = new Database(engine);
        string[] texts = ["", "plain", "ünïcödé 鸽子 🕊️", string.Concat(Enumerable.Repeat("🕊", 5_000)), "a'b\"c\\d\r\n"];
        foreach (var text in texts)
            foreach (var bytes in new byte[][] { [], [0], [.. Enumerable.Range(0, 100_000).Select(x => (byte)x)] })
            {
                var (number, real) = (long.MinValue + text.Length, 1.0 / 3 + bytes.Length);
                string? none = null;
                var back = await db.ListAsync(
                    $"select {text}, {bytes}, {number}, {real}, {none} union all select {text}, {bytes}, "
                        + $"{number}, {real}, {none}",
                    row => (row.GetString(0), Convert.ToHexString(row.GetBytes(1)), row.GetInt64(2), row.GetDouble(3),
                        row.GetStringOrNull(4)), CancellationToken.None);
                back.ShouldBe(
                    [(text, Convert.ToHexString(bytes), number, real, null),
                    (text, Convert.ToHexString(bytes), number, real, null)]);
            }
    }

    [Fact]
    public async Task A_full_queue_says_busy_and_a_closed_one_that_it_is_shutting_down()
    {
        var engine = await OpenAsync(new() { WriteQueue = 1 });
        var db = new Database(engine);
        using var gate = new ManualResetEventSlim();
        var blocked = db.WriteAsync(Blocked(gate, out var began));
        await began.InTimeAsync();
        var waiting = db.WriteAsync(Put("a"));

        (await Should.ThrowAsync<ProblemException>(async () => await db.WriteAsync(Put("b")))).Problem.ShouldBe(
            Problems.Busy);
        gate.Set();
        (await blocked, await waiting).ShouldBe((Outcome.Committed, Outcome.Committed));
        (await db.WriteAsync(Put("c"))).ShouldBe(Outcome.Committed);

        await engine.DisposeAsync();
        (await Should.ThrowAsync<ProblemException>(async () => await db.WriteAsync(Put("d")))).Problem.ShouldBe(
            Problems.ShuttingDown);
    }

    [Fact]
    public async Task What_waits_when_it_is_closed_is_still_written()
    {
        var engine = await OpenAsync();
        var db = new Database(engine);
        using var gate = new ManualResetEventSlim();
        var writes = new List<Task<Outcome>> { db.WriteAsync(Blocked(gate, out var began)) };
        await began.InTimeAsync();
        writes.AddRange(Enumerable.Range(0, 50).Select(i => db.WriteAsync(Put($"k{i}"))));

        var closing = Task.Run(async () => await engine.DisposeAsync());
        gate.Set();
        await closing.InTimeAsync();

        (await Task.WhenAll(writes)).ShouldAllBe(x => x == Outcome.Committed);
        await using var again = await OpenAsync();
        (await CountAsync(new(again))).ShouldBe(50);
    }

    [Fact]
    public async Task A_full_disk_is_said_to_be_one_and_the_next_small_write_succeeds()
    {
        await (await OpenAsync()).DisposeAsync();
        using var writer = new SqliteWriter(() =>
        {
            var session = new SqliteSession(File, SqliteOpenMode.ReadWrite);
            session.Execute("pragma max_page_count = 200");
            return session;
        }, 100, new(TimeProvider.System), NullLogger.Instance);
        var big = new WriteBatch();
        big.Execute($"insert into meta (key, value) values ('big', {new string('x', 4_000_000)})");

        (await Should.ThrowAsync<ProblemException>(writer.WriteAsync(big))).Problem.ShouldBe(Problems.DiskFull);
        writer.IsHealthy.ShouldBeFalse();
        (await writer.WriteAsync(Put("small"))).ShouldBe(Outcome.Committed);
        writer.IsHealthy.ShouldBeTrue();
    }

    [Fact]
    public async Task A_snapshot_shows_one_state_while_others_write()
    {
        await using var engine = await OpenAsync();
        var db = new Database(engine);
        await db.WriteAsync(Put("a"));
        await using var snapshot = await db.SnapshotAsync(CancellationToken.None);

        (await snapshot.ListAsync(
            $"select count(*) from meta where {Own}", row => row.GetInt64(0), CancellationToken.None))
            .ShouldBe([1]);
        await db.WriteAsync(Put("b"));
        (await snapshot.ListAsync(
            $"select count(*) from meta where {Own}", row => row.GetInt64(0), CancellationToken.None))
            .ShouldBe([1]);
        (await CountAsync(db)).ShouldBe(2);
    }

    [Fact]
    public async Task A_reader_cannot_write()
    {
        await using var engine = await OpenAsync();

        await Should.ThrowAsync<ProblemException>(new Database(engine).ListAsync(
            $"insert into meta (key, value) values ('a', 'b') returning key", row => row.GetString(0),
            CancellationToken.None));
    }

    [Fact]
    public async Task A_second_owner_of_the_file_is_refused_until_the_first_has_gone()
    {
        var first = await OpenAsync();

        var refusal = await Should.ThrowAsync<StartupException>(OpenAsync());
        await first.DisposeAsync();
        await using var second = await OpenAsync();

        refusal.Message.ShouldBe(
            $"Another process is using the database {File}. Stop it, or give this one a folder of its own with "
            + "Cote__Data__Directory.");
    }

    string File => Path.Combine(_folder, "cote.db");

    async Task<SqliteEngine> OpenAsync(DataOptions? options = null)
    {
        options ??= new();
        options.Directory = _folder;
        var engine = new SqliteEngine(options, new(options, NullLogger<DataFolder>.Instance), new(new StoppedTime()),
            NullLogger<Database>.Instance, []);
        await engine.OpenAsync(CancellationToken.None);
        return engine;
    }

    static WriteBatch Put(params string[] keys)
    {
        var batch = new WriteBatch();
        foreach (var key in keys)
            batch.Execute($"insert into meta (key, value) values ({key}, '')");
        return batch;
    }

    static WriteBatch Broken(string key)
    {
        var batch = Put(key);
        batch.Execute(
            $"insert into sessions (id, user_id, refresh_hash, device, ip, created_at, last_seen_at, expires_at) "
            + $"values ('s', 'nobody', '', '', '', 0, 0, 0)");
        return batch;
    }

    // Holds the writer in its hands until the gate opens.
    static WriteBatch Blocked(ManualResetEventSlim gate, out Task began)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        began = source.Task;
        var batch = new WriteBatch();
        batch.Query($"select 1", row =>
        {
            source.TrySetResult();
            gate.Wait(TimeSpan.FromSeconds(20)).ShouldBeTrue();
            return row.GetInt64(0);
        });
        return batch;
    }

    static async Task<long> CountAsync(Database db) =>
        await db.FirstAsync($"select count(*) from meta where {Own}", row => row.GetInt64(0), CancellationToken.None);

    static Task<IReadOnlyList<string>> KeysAsync(Database db) =>
        db.ListAsync($"select key from meta where {Own} order by key", row => row.GetString(0), CancellationToken.None);

    /// <summary>A clock that stands still: a group is never over for its time.</summary>
    sealed class StoppedTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
