using System.Diagnostics;
using System.Security.Cryptography;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

/// <summary>
/// The published program is backed up while people write, is killed in the middle of it, and serves again from the
/// backup: in an empty folder, and in the other engine.
/// </summary>
[Trait("Stage", "slow")]
public sealed class BackupTests(PublishedProgram program) : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("cote-backups-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task From_the_embedded_database_into_a_folder_and_into_PostgreSQL()
    {
        var cluster = await Servers.PostgresAsync();
        await RestoredAsync(null, [null, await cluster.CreateDatabaseAsync()]);
    }

    [Fact]
    public async Task From_PostgreSQL_into_PostgreSQL_and_into_a_folder()
    {
        var cluster = await Servers.PostgresAsync();
        await RestoredAsync(await cluster.CreateDatabaseAsync(), [await cluster.CreateDatabaseAsync(), null]);
    }

    async Task RestoredAsync(string? from, string?[] to)
    {
        await using var model = await FakeModelServer.Start();
        model.Script = FakeReply.Text("an answer of ", "two pieces");
        await using var node = await Node.With(program, model).On(from).StartAsync();
        using var quiet = await CoteClient.RegisterAsync(node.Url);
        var before = await FillAsync(quiet);
        using var stop = new CancellationTokenSource();
        var sent = 0;
        using var busy = await CoteClient.RegisterAsync(node.Url);
        var chat = await busy.CreateChatAsync();
        var writing = Enumerable.Range(0, 3).Select(_ => WriteAsync(busy, chat, () => Interlocked.Increment(ref sent),
            stop.Token)).ToList();
        await Patience.UntilAsync(() => Task.FromResult(Volatile.Read(ref sent) > 20), "people write");

        var acknowledged = Volatile.Read(ref sent);
        var made = await CommandAsync(node, "backup", "--to", Path.Combine(_folder, "b"));
        made.Code.ShouldBe(0, made.Said);
        var check = await CommandAsync(node, "check", "--deep");
        check.Code.ShouldBe(0, check.Said);
        Volatile.Read(ref sent).ShouldBeGreaterThan(acknowledged, "they were not held up");
        await stop.CancelAsync();
        await Task.WhenAll(writing);
        await node.KillAsync();

        foreach (var database in to)
        {
            await using var other = Node.With(program, model).On(database);
            if (database is null && node.Variables.TryGetValue("Cote__Auth__SigningKey", out var key))
                other.Variables["Cote__Auth__SigningKey"] = key;
            var restored = await CommandAsync(other, "restore", "--from", Path.Combine(_folder, "b"));
            restored.Code.ShouldBe(0, restored.Said);
            var second = await CommandAsync(other, "restore", "--from", Path.Combine(_folder, "b"));
            second.Code.ShouldBe(1, "it is there");
            await other.StartAsync();
            using var back = new CoteClient(other.Url);
            back.Token = (await back.FormAsync("/token", ("username", quiet.Username), ("password", quiet.Password)))
                .Ok()["access_token"];
            (await EverythingAsync(back)).ShouldBe(before);
            using var writer = new CoteClient(other.Url);
            writer.Token = (await writer.FormAsync("/token", ("username", busy.Username), ("password", busy.Password)))
                .Ok()["access_token"];
            (await CountAsync(writer, chat)).ShouldBeGreaterThanOrEqualTo(acknowledged, "none that was acknowledged");
            var again = await CommandAsync(other, "check", "--deep");
            again.Code.ShouldBe(0, again.Said);
        }
    }

    [Fact]
    public async Task A_backup_that_is_killed_is_none_and_the_next_one_is_whole()
    {
        await using var model = await FakeModelServer.Start();
        model.Script = FakeReply.Text("an answer");
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        await FillAsync(ada);
        (await node.StopAsync()).ShouldBe(0);
        var to = Path.Combine(_folder, "b");
        var random = new Random();
        var killed = 0;
        for (var tries = 0; killed < 3 && tries < 30; tries++)
        {
            using var process = Start(node, "backup", "--to", to);
            await Patience.UntilAsync(
                () => Task.FromResult(process.HasExited || Directory.Exists(to + ".unfinished")), "it begins");
            if (!process.WaitForExit(random.Next(150)))
            {
                process.Kill();
                await process.WaitForExitAsync();
                killed++;
            }
            if (Directory.Exists(to))
            {
                File.Exists(Path.Combine(to, "manifest.json")).ShouldBeTrue("a folder of that name is whole");
                Directory.Delete(to, recursive: true);
            }
        }

        killed.ShouldBeGreaterThan(0);
        await using var other = Node.With(program, model);
        var refused = await CommandAsync(other, "restore", "--from", to + ".unfinished");
        refused.Code.ShouldBe(1);
        var whole = await CommandAsync(node, "backup", "--to", to);
        whole.Code.ShouldBe(0, whole.Said);
        Directory.Exists(to + ".unfinished").ShouldBeFalse();
    }

    [Fact]
    public async Task A_restore_that_is_killed_serves_nobody_until_it_has_come_to_its_end()
    {
        await using var model = await FakeModelServer.Start();
        model.Script = FakeReply.Text("an answer");
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var before = await FillAsync(ada);
        var to = Path.Combine(_folder, "b");
        (await CommandAsync(node, "backup", "--to", to)).Code.ShouldBe(0);
        await using var other = Node.With(program, model);
        var data = Path.Combine(other.WorkingDirectory, "data");
        for (var tries = 0; ; tries++)
        {
            using var process = Start(other, "restore", "--from", to);
            await Patience.UntilAsync(
                () => Task.FromResult(process.HasExited || Directory.Exists(Path.Combine(data, "restoring"))),
                "it begins");
            process.Kill();
            await process.WaitForExitAsync();
            if (Directory.Exists(Path.Combine(data, "restoring")))
                break;
            tries.ShouldBeLessThan(10, "a kill falls between its beginning and its end");
            Directory.Delete(data, recursive: true);
        }
        File.Exists(Path.Combine(data, "cote.db")).ShouldBeFalse();

        (await other.RunToEndAsync()).ShouldBe(1);
        var again = await CommandAsync(other, "restore", "--from", to);

        other.Output.ShouldContain("holds a restore that was cut off");
        again.Code.ShouldBe(0, again.Said);
        await other.StartAsync();
        using var back = new CoteClient(other.Url);
        back.Token = (await back.FormAsync("/token", ("username", ada.Username), ("password", ada.Password)))
            .Ok()["access_token"];
        (await EverythingAsync(back)).ShouldBe(before);
    }

    static async Task WriteAsync(CoteClient client, string chat, Action sent, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            var reply = await client.PostAsync($"/chats/{chat}/messages/", new { content = "more" });
            if (reply.Status == 200)
                sent();
            else
                reply.ErrorCode.ShouldBe("too_many_open");
        }
    }

    static async Task<Dictionary<string, string>> FillAsync(CoteClient client)
    {
        var chat = await client.CreateChatAsync("before");
        for (var i = 0; i < 4; i++)
        {
            using var file = new MultipartFormDataContent
            {
                { new StringContent($"{i} " + new string('x', 700_000 * (1 + i))), "file", $"{i}.txt" },
            };
            var url = (await client.SendAsync(HttpMethod.Post, "/upload/", null, x => x.Content = file)).Ok()["url"];
            var question = (await client.PostAsync($"/chats/{chat}/messages/",
                new { content = $"question {i}", type = "file", media_urls = new[] { url } })).Ok();
            await client.EndOfAsync(chat, question["reply_id"]);
        }
        await Patience.UntilAsync(
            async () => (await client.MessagesAsync(chat)).All(x => x.GetProperty("status").GetString() is not "sent"
                || x.GetProperty("sender").GetString() == "user"), "each end is noted as delivered");
        return await EverythingAsync(client);
    }

    static async Task<Dictionary<string, string>> EverythingAsync(CoteClient client)
    {
        var all = new Dictionary<string, string>();
        foreach (var chat in (await client.GetAsync("/chats/")).Ok().Json.EnumerateArray())
        {
            var path = $"/chats/{chat.GetProperty("id").GetString()}/messages/?branches=all&parts=all";
            foreach (var message in (await client.GetAsync(path)).Ok().Json.EnumerateArray())
            {
                all[message.GetProperty("id").GetString()!] = message.GetProperty("content").GetString()!;
                foreach (var url in message.GetProperty("media_urls").EnumerateArray().Select(x => x.GetString()!))
                    all[url.Split('?')[0]] = Convert.ToHexString(
                        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes((await client.GetAsync(url)).Ok().Text)));
            }
        }
        all.Count.ShouldBe(12);
        return all;
    }

    static async Task<int> CountAsync(CoteClient client, string chat)
    {
        var (count, path) = (0, (string?)$"/chats/{chat}/messages/?limit=1000");
        while (path is not null)
        {
            var page = (await client.GetAsync(path)).Ok();
            count += page.Json.EnumerateArray().Count(x => x.GetProperty("sender").GetString() == "user");
            path = page.NextPage;
        }
        return count;
    }

    static Process Start(Node node, params string[] words)
    {
        var start = new ProcessStartInfo(node.Program, words)
        {
            WorkingDirectory = node.WorkingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in node.Variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    static async Task<(int Code, string Said)> CommandAsync(Node node, params string[] words)
    {
        using var process = Start(node, words);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
