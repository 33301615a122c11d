using System.Text.RegularExpressions;
using Cote.Admin;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Admin;

/// <summary>A backup of a serving database, restored into an empty data directory.</summary>
public sealed partial class BackupTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("cote-backup-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string At(string name) => Path.Combine(_folder, name);

    [Fact]
    public async Task A_restored_server_answers_as_the_one_before_did_at_the_moment_of_its_backup()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var gone = await app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read", "write");
        var chat = await FillAsync(app, ada);
        var share = (await ada.PostAsync($"/chats/{chat}/shares", new { })).Ok();
        var shared = share["url"].Replace("/s/", "/shared/", StringComparison.Ordinal);
        await DeliveredAsync(ada, chat);
        var (unfinished, reply) = await HalfAReplyAsync(app, ada);
        var seen = (await ada.GetAsync("/sync")).Ok()["cursor"];
        var before = await EverythingAsync(ada, unfinished);
        (await robot.GetAsync("/chats/")).Ok();
        using (var viewer = app.Anonymous())
            (await viewer.GetAsync(shared)).Ok();

        var made = await RunAsync(app, "backup", "--to", At("b"));
        made.Code.ShouldBe(0, made.Error);

        app.Model.Script = FakeReply.Text("never seen again");
        await ada.AskAsync(chat, "after the backup");
        (await gone.DeleteAsync("/users/me")).Ok();
        (await ada.DeleteAsync($"/chats/{await ada.CreateChatAsync("later")}")).Ok();
        var list = Path.Combine(app.Data, "erased.txt");
        await app.StopAsync();
        var restored = await RestoreAsync(app, "--erased", list);
        restored.Code.ShouldBe(0, restored.Error);
        restored.Error.ShouldSatisfyAllConditions(
            x => x.ShouldContain("1 open replies are interrupted."),
            x => x.ShouldContain("1 of the 1 erased accounts were in the backup."));
        KeysIn(At("data")).ShouldBe(KeysIn(app.Data), "each key, to the byte");

        await app.RestartAsync($"Data:Directory={At("data")}", "Data:Postgres=", $"Auth:SigningKey=base64:{Key(app)}");
        using var back = new CoteClient(app.Url) { Token = ada.Token };
        (await back.GetAsync("/users/me")).Status.ShouldBe(401, "all sessions have ended");
        back.Token = (await back.FormAsync("/token", ("username", ada.Username), ("password", ada.Password)))
            .Ok()["access_token"];
        await using (var socket = await back.ConnectAsync(seen))
            (await socket.NextAsync("reset")).Data.GetProperty("reason").GetString().ShouldBe("epoch");
        (await EverythingAsync(back, unfinished)).ShouldBe(before);
        var ended = await back.MessageAsync(unfinished, reply);
        ended.GetProperty("content").GetString().ShouldBe("half of ");
        ended.GetProperty("generation").GetProperty("state").GetString().ShouldBe("interrupted");
        (await back.FormAsync("/token", ("username", gone.Username), ("password", gone.Password))).Status.ShouldBe(401);
        await ShouldBeDisabledAsync(app, robot, shared);
        (await File.ReadAllTextAsync(At("data/erased.txt"))).ShouldBe(await File.ReadAllTextAsync(list));
        app.Model.Script = FakeReply.Text("on we go");
        var next = await back.AskAsync(chat, "And now?");
        (await back.EndOfAsync(chat, next.GetProperty("reply_id").GetString()!))
            .GetProperty("content").GetString().ShouldBe("on we go");
        await app.StopAsync();
        var check = await SayAsync(["check", "--deep", .. Embedded(app)]);
        check.ShouldBe((0, "", check.Error), "nothing is wrong with it");
    }

    // One that was taken back since may be among them.
    static async Task ShouldBeDisabledAsync(CoteApp app, CoteClient robot, string shared)
    {
        using var key = new CoteClient(app.Url) { Token = robot.Token };
        (await key.GetAsync("/chats/")).Status.ShouldBe(401);
        using var nobody = app.Anonymous();
        (await nobody.GetAsync(shared)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_backup_can_be_read_by_its_owner_alone_and_leaves_out_keys_where_it_is_told()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(extra: 1_000), "a.png")).Ok();

        (await RunAsync(app, "backup", "--to", At("with"))).Code.ShouldBe(0);
        Directory.CreateDirectory(At("without"));
        var without = await RunAsync(app, "backup", "--without-key", "--to", At("without"));

        without.Code.ShouldBe(0, without.Error);
        File.Exists(At("with/signing.key")).ShouldBe(File.Exists(Path.Combine(app.Data, "signing.key")));
        File.Exists(At("without/signing.key")).ShouldBeFalse();
        var entries = new DirectoryInfo(At("without")).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Append(new DirectoryInfo(At("without"))).ToList();
        entries.OfType<FileInfo>().Count().ShouldBe(3, "the database, a blob, the manifest");
        entries.ShouldAllBe(x => x.UnixFileMode == (x is FileInfo
            ? UnixFileMode.UserRead | UnixFileMode.UserWrite
            : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Fact]
    public async Task What_cannot_be_backed_up_or_restored_is_refused_in_a_sentence_and_changes_nothing()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(extra: 1_000), "a.png")).Ok();
        Directory.CreateDirectory(At("full/of"));

        (await RunAsync(app, "backup", "--to", At("full"))).ShouldSatisfyAllConditions(
            x => x.Code.ShouldBe(1), x => x.Error.ShouldContain("is not empty. Name a new one."));
        (await RunAsync(app, "backup", "--to", At("no/such"))).Error.ShouldContain("to put the backup in");
        (await RunAsync(app, "backup")).Code.ShouldBe(2);
        (await RunAsync(app, "backup", "--to", At("b"))).Code.ShouldBe(0);
        await app.StopAsync();
        var nothing = await SayAsync("check", $"--Cote:Data:Directory={At("nothing")}", "--Cote:Data:Postgres=");
        nothing.Code.ShouldBe(1);
        nothing.Error.ShouldContain("There is no database");
        Directory.Exists(At("nothing")).ShouldBeFalse();

        await RefusedAsync("There is no folder", from: "other");
        await RefusedAsync("is no backup, or was cut off: it has no manifest.json", from: "full");
        await File.WriteAllTextAsync(At("list"), "nonsense\n");
        (await RestoreAsync(app, "--erased", At("list"))).Error
            .ShouldContain("does not begin with the id of an account");
        var blob = Directory.GetFiles(At("b/media"), "*", SearchOption.AllDirectories).Single();
        foreach (var (file, changed, says) in new (string, Func<string, string>, string)[]
        {
            ("manifest.json", x => x.Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal),
                "a newer Cote made"),
            ("manifest.json", x => x[..20], "cannot be read"),
            ("cote.db", x => x + "x", "cote.db is not what was written"),
            (Path.GetRelativePath(At("b"), blob), x => x + "x", "the bytes of 1 blobs are missing or changed"),
        })
        {
            var path = At(Path.Combine("b", file));
            var bytes = await File.ReadAllBytesAsync(path);
            await File.WriteAllTextAsync(
                path, changed(System.Text.Encoding.Latin1.GetString(bytes)), System.Text.Encoding.Latin1);
            await RefusedAsync(says);
            await File.WriteAllBytesAsync(path, bytes);
        }
        (await RestoreAsync(app)).Code.ShouldBe(0);
        await RefusedAsync("holds a database, keys or media already", isEmpty: false);

        async Task RefusedAsync(string says, string from = "b", bool isEmpty = true)
        {
            var refused = await SayAsync(["restore", "--from", At(from), .. Embedded(app)]);
            refused.Code.ShouldBe(1);
            refused.Error.ShouldContain(says);
            File.Exists(At("data/cote.db")).ShouldBe(!isEmpty);
            Directory.Exists(At("data/restoring")).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_restore_that_was_cut_off_serves_nobody_and_begins_anew()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await RunAsync(app, "backup", "--to", At("b"))).Code.ShouldBe(0);
        await app.StopAsync();
        Directory.CreateDirectory(At("data/restoring/media")); // as a kill leaves it
        await File.WriteAllTextAsync(At("data/restoring/cote.db"), "half");
        await File.WriteAllTextAsync(At("data/signing.key"), "moved already");

        var start = await Should.ThrowAsync<StartupException>(
            () => app.RestartAsync($"Data:Directory={At("data")}", "Data:Postgres="));
        await app.StopAsync();
        var again = await RestoreAsync(app);

        start.Message.ShouldContain("holds a restore that was cut off. Run it again: it begins anew.");
        again.Code.ShouldBe(0, again.Error);
        Directory.Exists(At("data/restoring")).ShouldBeFalse();
        await app.RestartAsync($"Data:Directory={At("data")}", "Data:Postgres=", $"Auth:SigningKey=base64:{Key(app)}");
        using var back = new CoteClient(app.Url);
        (await back.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Ok();
    }

    [Fact]
    public async Task A_backup_of_an_older_schema_is_migrated_and_one_of_a_newer_is_refused()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await RunAsync(app, "backup", "--to", At("b"))).Code.ShouldBe(0);
        await app.StopAsync();
        await ChangeAsync("""
            drop table nodes; drop index users_admins; drop index users_disabled; drop index audit_by_user;
            drop index calls_by_moment;
            alter table api_keys drop column disabled_at; alter table shares drop column disabled_at;
            delete from migrations where number = 25;
            """);

        var older = await RestoreAsync(app);

        older.Code.ShouldBe(0, older.Error);
        Directory.GetFiles(At("data"), "*.before-*").ShouldBeEmpty("the backup is the copy");
        Directory.Delete(At("data"), recursive: true);
        await ChangeAsync("insert into migrations values (9999, '9999_of_the_future', 'x', 0)");
        var newer = await RestoreAsync(app);
        newer.Code.ShouldBe(1);
        newer.Error.ShouldContain("made by a newer Cote (it has migration 9999_of_the_future");

        async Task ChangeAsync(string sql)
        {
            await using (var db = new SqliteConnection($"Data Source={At("b/cote.db")};Pooling=False"))
            {
                await db.OpenAsync();
                await using var command = db.CreateCommand();
                command.CommandText = sql;
                await command.ExecuteNonQueryAsync();
            }
            var file = await BackupManifest.DescribeAsync(At("b"), "cote.db", default);
            var manifest = await File.ReadAllTextAsync(At("b/manifest.json"));
            var described = $"\"name\": \"cote.db\", \"size\": {file.Size}, \"sha256\": \"{file.Sha256}\"";
            await File.WriteAllTextAsync(At("b/manifest.json"), Hash().Replace(manifest, described));
        }
    }

    [Fact]
    public async Task While_a_backup_reads_them_no_bytes_are_swept()
    {
        await using var app = await CoteApp.StartAsync("Media:GraceHours=0");
        using var ada = await app.RegisterAsync();
        var db = app.Services.GetRequiredService<Database>();
        var sweep = app.Services.GetRequiredService<Cote.Media.MediaGcLoop>();
        await using (await Cote.Media.SweepHold.BeginAsync(db, app.Services.GetRequiredService<Clock>()))
        {
            (await ada.UploadAsync(Samples.Png(extra: 1_000), "a.png")).Ok();
            await sweep.SweepAsync(default);
            (await CountAsync()).ShouldBe((0, 1), "the upload goes, its bytes stay");
        }

        await sweep.SweepAsync(default);

        (await CountAsync()).ShouldBe((0, 0));

        async Task<(long, long)> CountAsync() => await db.FirstAsync(
            $"select (select count(*) from media), (select count(*) from blobs)",
            row => (row.GetInt64(0), row.GetInt64(1)), default);
    }

    [GeneratedRegex("""
        "name": "cote.db",\s+"size": \d+,\s+"sha256": "\w+"
        """)]
    private static partial Regex Hash();
}
