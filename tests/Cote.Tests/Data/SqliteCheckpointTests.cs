using System.Diagnostics;
using Cote.Data;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Cote.Tests.Data;

public sealed class SqliteCheckpointTests : IDisposable
{
    const long LongLog = 200;

    readonly string _folder = Directory.CreateTempSubdirectory("cote-data-").FullName;
    readonly SqliteSession _writer;
    int _written;

    public SqliteCheckpointTests()
    {
        _writer = Open();
        _writer.Execute("pragma journal_mode = wal");
        _writer.Execute("create table pages (id integer primary key, text text not null)");
    }

    public void Dispose()
    {
        _writer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_log_that_is_long_begins_again_between_two_commits()
    {
        using var checkpoints = new SqliteCheckpoints(Open, new(TimeProvider.System), NullLogger.Instance, LongLog);
        Write(checkpoints, 1_000);

        await Patience.UntilAsync(() =>
        {
            Write(checkpoints, 1);
            return Task.FromResult(LogPages() < LongLog);
        }, "the log has begun again");

        Read().ShouldBe(_written);
    }

    [Fact]
    public async Task Under_writes_that_go_on_the_log_begins_again_and_again()
    {
        using var checkpoints = new SqliteCheckpoints(Open, new(TimeProvider.System), NullLogger.Instance, LongLog);
        var restarts = 0;

        await Patience.UntilAsync(() =>
        {
            var before = LogPages();
            Write(checkpoints, 520); // which asks for a checkpoint each time
            restarts += LogPages() < before ? 1 : 0;
            return Task.FromResult(restarts == 3);
        }, "the log has begun again three times");

        Read().ShouldBe(_written);
    }

    [Fact]
    public async Task A_reader_that_holds_the_log_holds_up_a_write_once_in_a_second_and_the_log_begins_again_after_it()
    {
        var time = new FakeTimeProvider();
        using var checkpoints = new SqliteCheckpoints(Open, new(time), NullLogger.Instance, LongLog);
        using (var reader = Open())
        {
            Write(checkpoints, 1);
            reader.Execute("begin");
            reader.List($"select count(*) from pages", row => row.GetInt64(0)).ShouldBe([1]);
            await Patience.UntilAsync(() =>
            {
                Write(checkpoints, 600); // which asks for a checkpoint
                return Task.FromResult(checkpoints.IsHeld);
            }, "the log is held");
            await Patience.ShouldTakeAtMostAsync(TimeSpan.FromSeconds(2), () =>
            {
                var began = Stopwatch.GetTimestamp();
                for (var i = 0; i < 50; i++)
                    Write(checkpoints, 20);
                return Task.FromResult(Stopwatch.GetElapsedTime(began));
            });
            LogPages().ShouldBeGreaterThan(LongLog);
        }
        time.Advance(TimeSpan.FromSeconds(1));

        await Patience.UntilAsync(() =>
        {
            Write(checkpoints, 1);
            return Task.FromResult(LogPages() < LongLog);
        }, "the log has begun again");

        Read().ShouldBe(_written);
    }

    SqliteSession Open() => new(Path.Combine(_folder, "a.db"), SqliteOpenMode.ReadWriteCreate);

    // A row takes a page, more or less.
    void Write(SqliteCheckpoints checkpoints, int rows)
    {
        _writer.Execute("begin immediate");
        for (var i = 0; i < rows; i++)
            _writer.Execute($"insert into pages (text) values ({new string('x', 4_000)})");
        _writer.Execute("commit");
        _written += rows;
        checkpoints.OnCommitted(_writer.TakeWrittenPages());
        checkpoints.RestartIfLong(_writer);
    }

    long Read()
    {
        using var session = Open();
        return session.List($"select count(*) from pages", row => row.GetInt64(0))[0];
    }

    // How much of the log is in use, as all connections to the file know it.
    long LogPages()
    {
        using var shared = new FileStream(
            Path.Combine(_folder, "a.db-shm"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var head = new byte[20];
        shared.ReadExactly(head);
        return BitConverter.ToUInt32(head, 16);
    }
}
