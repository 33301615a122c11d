using System.Globalization;
using Cote.BlackBox.Harness;
using Microsoft.Data.Sqlite;

namespace Cote.BlackBox;

/// <summary>
/// The published program copies a database of some size, and is killed at any moment. <c>COTE_COPY_MESSAGES</c> is how
/// many messages there are; the rows a second are printed.
/// </summary>
[Trait("Stage", "slow")]
public sealed class CopyTests(PublishedProgram program, ITestOutputHelper output)
{
    static readonly int Messages =
        int.Parse(Environment.GetEnvironmentVariable("COTE_COPY_MESSAGES") ?? "20000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_copy_that_is_killed_again_and_again_goes_on_and_ends_as_if_it_had_not_been()
    {
        var cluster = await Servers.PostgresAsync();
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "What is true?");
        await ada.EndOfAsync(chat, question.GetProperty("reply_id").GetString()!);
        var media = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            using var file =
                new MultipartFormDataContent { { new StringContent($"{i} " + new string('x', 300_000 * (1 + i % 4))),
                "file", $"{i}.txt" } };
            media.Add((await ada.SendAsync(HttpMethod.Post, "/upload/", null, x => x.Content = file)).Ok()["url"]);
        }
        (await node.StopAsync()).ShouldBe(0);
        var data = Path.Combine(node.WorkingDirectory, "data");
        await MultiplyAsync(Path.Combine(data, "cote.db"));
        var (killed, whole) = (await cluster.CreateDatabaseAsync(), await cluster.CreateDatabaseAsync());

        using var copy = new Copying(program, node.WorkingDirectory, output);
        (await copy.RunAsync(whole)).ShouldBe(0);
        var random = new Random();
        var kills = 0;
        for (var most = copy.Took / 3; await copy.RunAsync(
            killed, random.NextDouble() * (kills < 2 ? 0.5 : 1 + kills / 4.0) * most) is not 0 and var code; kills++)
            if (kills > 0 && copy.Said.Contains("one that has come to its end needs no second call"))
                break; // the last kill came between the commit of the end and the report
            else
                code.ShouldBe(137, copy.Said);

        output.WriteLine($"Killed {kills} times.");
        kills.ShouldBeGreaterThan(1);
        foreach (
            var row in await cluster.QueryAsync(
            "select table_name, string_agg(column_name, ', ' order by ordinal_position) from "
            + "information_schema.columns where table_schema = current_schema() and table_name not in ('meta', "
            + "'migrations') group by 1", whole))
        {
            var digest =
                $"select count(*), md5(string_agg(md5(r::text), '' order by md5(r::text))) from (select "
                + $"{row[1]} from {row[0]}) r";
            (await cluster.QueryAsync(digest, killed))
                .Single().ShouldBe((await cluster.QueryAsync(digest, whole)).Single(), (string)row[0]!);
        }
        node.Variables["DATABASE_URL"] = killed;
        node.Variables["Cote__Auth__SigningKey"] = "base64:"
            + (await File.ReadAllTextAsync(Path.Combine(data, "signing.key"))).Trim();
        await node.StartAsync();
        foreach (var url in media)
            (await ada.GetAsync(url)).Ok().Text.Length.ShouldBeGreaterThan(300_000);
        (await ada.MessageAsync(chat, question.GetProperty("id").GetString()!))
            .GetProperty("content").GetString().ShouldBe("What is true?");
    }

    // As if a chat had gone on for very long: messages and their events, of the size that they have.
    static async Task MultiplyAsync(string file)
    {
        await using var db = new SqliteConnection($"Data Source={file};Pooling=False");
        await db.OpenAsync();
        await using var command = db.CreateCommand();
        command.CommandText = $"""
            pragma journal_mode = delete;
            create temp table n as with recursive n(i) as (select 1 union all select i + 1 from n where i < {Messages}) select i from n;
            create temp table m as select * from messages where sender = 'user' limit 1;
            update m set reply_id = null;
            create temp table more as select m.*, n.i from m, n;
            update more set id = printf('00000000-0000-7000-8000-%012d', (i * 7919) % 1000003 + i * 1000003), seq = 1000 + i,
              content = printf('%d %s', i, hex(randomblob(60)));
            alter table more drop column i;
            insert into messages select * from more;
            insert into events select user_id, (select max(seq) from events) + n.i, type, chat_id, message_id, at
              from (select * from events where type = 'message' limit 1), n;
            update heads set seq = (select max(seq) from events);
            pragma journal_mode = wal;
            """;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Runs the command, and may kill it: it is gone when that answers.</summary>
    sealed class Copying(PublishedProgram program, string directory, ITestOutputHelper output) : IDisposable
    {
        System.Diagnostics.Process? _process;

        public string Said { get; private set; } = "";

        public TimeSpan Took { get; private set; }

        public async Task<int> RunAsync(string to, TimeSpan? killAfter = null)
        {
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            _process = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo(program.File, ["copy", "--from", "data", "--to", to])
                {
                    WorkingDirectory = directory,
                    Environment = { ["TMPDIR"] = directory }, // what a kill leaves there goes with the node's own
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                })!;
            var (said, complained) =
                (_process.StandardOutput.ReadToEndAsync(), _process.StandardError.ReadToEndAsync());
            if (killAfter is { } after)
            {
                using var limit = new CancellationTokenSource(after);
                try
                {
                    await _process.WaitForExitAsync(limit.Token);
                }
                catch (OperationCanceledException)
                {
                    _process.Kill();
                }
            }
            await _process.WaitForExitAsync();
            Took = System.Diagnostics.Stopwatch.GetElapsedTime(began);
            Said = await said + await complained;
            if (_process.ExitCode == 0)
                output.WriteLine(Said);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (_process is { HasExited: false })
                _process.Kill();
            _process?.Dispose();
        }
    }
}
