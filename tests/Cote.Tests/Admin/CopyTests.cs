using Cote.Admin;
using Cote.Tests.Data;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Admin;

/// <summary>
/// A PostgreSQL to copy to: one for all tests of the class. A fixture cannot skip; each test asks for it.
/// </summary>
public sealed class CopyTarget : IAsyncDisposable
{
    readonly Lazy<Task<PostgresCluster>> _cluster = new(() => PostgresCluster.StartAsync());

    public Task<PostgresCluster> Cluster => _cluster.Value;

    public async ValueTask DisposeAsync()
    {
        if (_cluster.IsValueCreated && _cluster.Value.IsCompletedSuccessfully)
            await (await Cluster).DisposeAsync();
    }
}

/// <summary>From the embedded database to PostgreSQL: everything is there, or it is said what is not.</summary>
public sealed partial class CopyTests(CopyTarget target) : IClassFixture<CopyTarget>
{
    [Fact]
    public async Task A_server_goes_on_in_PostgreSQL_as_if_nothing_had_happened()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var lost = await ada.OtherDeviceAsync();
        using var eve = await app.RegisterAsync();
        var chat = await FillAsync(app, ada, eve);
        (await lost.PostAsync("/logout")).Ok();
        var refreshed = (await ada.FormAsync(
            "/token", ("grant_type", "refresh_token"), ("refresh_token", ada.RefreshToken!))).Ok();
        (await ada.PostAsync("/ws/ticket")).Ok();
        var photo = Samples.Png(extra: 2_500_000);
        var upload = await SendPhotoAsync(ada, chat, photo);
        var open = await Tus.BeginAsync(ada, 1_000, "later.txt");
        await DeliveredAsync(ada);
        var (unfinished, reply) = await HalfAReplyAsync(app, ada);
        var seen = (await ada.GetAsync("/sync")).Ok()["cursor"];
        var before = await EverythingAsync(ada, eve, unfinished);
        app.Model.Script = FakeReply.Text("a whole reply");
        await app.StopAsync();
        var files = Files(app);

        var copied = await CopyAsync(app.Data, url);

        copied.Code.ShouldBe(0, copied.Error);
        copied.Output.ShouldSatisfyAllConditions(x => x.ShouldContain("The copy is complete"),
            x => x.ShouldContain("1 unfinished resumable uploads were left behind"),
            x => x.ShouldContain($"base64:$(cat {Path.Combine(app.Data, "signing.key")})"));
        Files(app).ShouldBe(files, "the source is as it was");
        (await CountAsync("blob_chunks")).ShouldBe(4L, "the photo in three, the note in one");
        (await CountAsync("meta where key like 'copy%'")).ShouldBe(0L);
        (await CountAsync("messages where lease_until > 0 and state in ('queued', 'running')")).ShouldBe(0L);

        await app.RestartAsync($"Data:Postgres={url}", $"Auth:SigningKey=base64:{app.SigningKey}");

        using var again = new CoteClient(app.Url) { Token = ada.Token };
        using var eves = new CoteClient(app.Url) { Token = eve.Token };
        await using (var socket = await again.ConnectAsync(seen))
            (await socket.NextAsync("reset")).Data.GetProperty("reason").GetString().ShouldBe("epoch");
        (await again.EndOfAsync(unfinished, reply)).GetProperty("content").GetString().ShouldBe("a whole reply");
        (await EverythingAsync(again, eves, unfinished)).ShouldBe(before);
        (await Samples.BytesOf((await again.GetAsync(upload)).Ok())).ShouldBe(photo);
        using var anonymous = app.Anonymous();
        (await Samples.BytesOf((await anonymous.GetAsync(upload)).Ok()))
            .ShouldBe(photo, "a URL that the old server signed");
        using var still = new CoteClient(app.Url) { Token = lost.Token };
        (await still.GetAsync("/users/me")).Status.ShouldBe(401);
        (await anonymous.FormAsync("/token", ("grant_type", "refresh_token"),
            ("refresh_token", refreshed["refresh_token"]))).Ok();
        (await anonymous.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Ok();
        (await Tus.HeadAsync(again, open)).Status.ShouldBe(404);
        var next = await again.AskAsync(chat, "On we go");
        (await again.EndOfAsync(chat, next.GetProperty("reply_id").GetString()!))
            .GetProperty("content").GetString().ShouldBe("a whole reply");

        async Task<object?> CountAsync(string rows) =>
            (await cluster.QueryAsync($"select count(*) from {rows}", url))[0][0];
    }

    [Fact]
    public async Task A_killed_servers_log_is_read_and_every_column_of_every_table_of_both_engines_is_carried()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var place = Directory.CreateTempSubdirectory("cote-test-").FullName;
        foreach (var file in new[] { "cote.db", "cote.db-wal" }) // what a kill would have left
            File.Copy(Path.Combine(app.Data, file), Path.Combine(place, file));
        new FileInfo(Path.Combine(place, "cote.db-wal")).Length.ShouldBeGreaterThan(0);

        var copied = await CopyAsync(Path.Combine(place, "cote.db"), url);

        copied.Code.ShouldBe(0, copied.Error);
        (await cluster.QueryAsync("select username from users", url)).ShouldHaveSingleItem()[0].ShouldBe(ada.Username);
        string[] known = [.. CopiedTables.All.Select(x => x.Name), .. CopiedTables.Left];
        var theirs = await EmbeddedAsync(
            place, "select m.name, c.name, lower(c.type), c.pk from sqlite_master m, pragma_table_info(m.name) c "
            + "where m.type = 'table' and m.name not like 'sqlite_%'");
        var ours = await cluster.QueryAsync("""
            select c.table_name, c.column_name, case c.data_type when 'bytea' then 'blob' else c.data_type end,
              coalesce((select k.ordinal_position from information_schema.key_column_usage k join information_schema.table_constraints t
                on t.constraint_name = k.constraint_name and t.table_name = k.table_name and t.constraint_type = 'PRIMARY KEY'
                where k.table_name = c.table_name and k.column_name = c.column_name), 0), coalesce(c.collation_name, '')
            from information_schema.columns c where c.table_schema = current_schema()
            """, url);
        theirs.Select(x => (string)x[0]!)
            .Distinct().ShouldBe(known, ignoreOrder: true, "a new table belongs into CopiedTables");
        // Each engine has an index of its own kind, which is not copied.
        static bool isOfIndex(object?[] column) => ((string)column[0]!).StartsWith("search_", StringComparison.Ordinal);
        ours.Where(x => !isOfIndex(x)).Select(x => string.Join(' ', x[..4]))
            .ShouldBe(theirs.Where(x => !isOfIndex(x)).Select(x => string.Join(' ', x)), ignoreOrder: true);
        foreach (var table in CopiedTables.All)
            theirs.Where(x => (string)x[0]! == table.Name && (long)x[3]! > 0)
                .OrderBy(x => (long)x[3]!).Select(x => (string)x[1]!).ShouldBe(table.Key, table.Name);
        // In another order of texts, pages by key would lose rows, and hashes would differ.
        ours.Where(x => (string)x[2]! == "text" && (string)x[0]! != "migrations")
            .ShouldAllBe(x => (string)x[4]! == "C");
        Directory.Delete(place, recursive: true);
    }

    [Fact]
    public async Task Tables_of_a_host_are_copied_by_its_own_command_line_and_refused_by_another()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        var shop = HostTablesTests.Shop(HostTablesTests.Both);
        await using var app = await CoteApp.StartAsync(shop);
        using var ada = await app.RegisterAsync();
        (await ada.PostAsync("/own/notes?count=3")).Ok();
        await app.StopAsync();

        var stranger = await CopyAsync(app.Data, url);
        using StringWriter output = new(), error = new();
        var code = await CoteCommands.RunAsync(["copy", "--from", app.Data, $"--to={url}"], TextReader.Null, output,
            error, shop);

        stranger.Code.ShouldBe(1);
        stranger.Error.ShouldContain("The database has tables of the host shop, which this program does not know.");
        code.ShouldBe(0, error.ToString());
        (await cluster.QueryAsync("select id, weight, n, encode(bytes, 'hex') from x_shop_notes order by id", url))
            .Select(x => string.Join(' ', x)).ShouldBe(["0000 0.5 0 010203", "0001 0.5 1 010203", "0002 0.5 2 010203"]);
        (await cluster.QueryAsync("select count(*) from x_shop_lines", url))[0][0].ShouldBe(1L);
        (await cluster.QueryAsync("select id from x_shop_prices order by id", url))
            .Select(x => x[0]).ShouldBe(["B", "b"]);
        (await cluster.QueryAsync("select name from x_shop_migrations order by number", url)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_unfinished_copy_serves_nobody_and_the_next_call_goes_on()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        await FillAsync(app, ada, ada);
        var upload = (await ada.UploadAsync(Samples.Png(extra: 5_000), "a.png")).Ok();
        await app.StopAsync();
        var blob = Directory.GetFiles(Path.Combine(app.Data, "media", "blobs"), "*", SearchOption.AllDirectories)
            .MaxBy(x => new FileInfo(x).Length)!;
        var bytes = await File.ReadAllBytesAsync(blob);
        await File.WriteAllBytesAsync(blob, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);

        var cut = await CopyAsync(app.Data, url);

        cut.Code.ShouldBe(1);
        cut.Error.ShouldContain(
            $"The bytes of 1 blobs are nowhere, or are not what was uploaded: {Path.GetFileName(blob)}");
        string[] there = [$"Data:Postgres={url}", $"Auth:SigningKey=base64:{app.SigningKey}"];
        (await Should.ThrowAsync<StartupException>(() => app.RestartAsync(there))).Message.ShouldContain(
            "holds an unfinished copy of another one. Run the copy again");
        await app.StopAsync(); // what came of a start that was refused still has the folder
        (await RunAsync("list-users", $"--Cote:Data:Postgres={url}",
            $"--Cote:Data:Directory={app.Data}/other")).Error.ShouldContain("unfinished copy");
        await File.WriteAllBytesAsync(blob, bytes);
        var again = await CopyAsync(app.Data, url);
        again.Code.ShouldBe(0, again.Error);
        again.Error.ShouldContain("An unfinished copy is there: it goes on.");
        await app.RestartAsync(there);
        using var back = new CoteClient(app.Url) { Token = ada.Token };
        (await Samples.BytesOf((await back.GetAsync(upload["url"])).Ok())).ShouldBe(bytes);
    }
}
