using Cote.Admin;
using Cote.Data;
using Cote.Tests.Harness;

namespace Cote.Tests.Admin;

public sealed partial class CopyTests
{
    [Fact]
    public async Task A_row_that_is_not_the_same_is_found_and_nobody_serves_it()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        await FillAsync(app, ada, ada);
        await app.StopAsync();
        // Everything is copied; the last step, and one letter in it, are made undone.
        (await CopyAsync(app.Data, url)).Code.ShouldBe(0);
        var source = await EmbeddedAsync(app.Data, "select value from meta where key in ('epoch', 'run') order by key");
        var audited = await EmbeddedAsync(app.Data, "select max(id) from audit");
        await cluster.QueryAsync(
            $"insert into meta (key, value) values ('copy', '{source[0][0]} {source[1][0]} {audited[0][0]}')", url);
        foreach (var table in CopiedTables.All)
        {
            var last = await cluster.QueryAsync(
                $"select {string.Join(", ", table.Key)} from {table.Name} order by "
                + $"{string.Join(" desc, ", table.Key)} desc limit 1", url);
            if (last.Count > 0 && table.Name != "meta")
                await cluster.QueryAsync(
                    $"insert into meta (key, value) values ('copy:{table.Name}', "
                    + $"'{System.Text.Json.JsonSerializer.Serialize<object?[]>([1L, .. last[0]])}')", url);
        }
        await cluster.QueryAsync(
            "update messages set content = content || '.' where user_id || id = (select max(user_id || id) from "
            + "messages where sender = 'user')", url);

        var again = await CopyAsync(app.Data, url);

        again.Code.ShouldBe(1);
        again.Output.ShouldContain("NOT THE SAME");
        again.Error.ShouldContain("The target is not the same as the source in: messages. It stays unfinished");
        (await Should.ThrowAsync<StartupException>(
            () => app.RestartAsync($"Data:Postgres={url}",
            $"Auth:SigningKey={Engine.SigningKey}"))).Message.ShouldContain("unfinished copy");
    }

    [Fact]
    public async Task A_restore_that_fails_on_its_way_into_PostgreSQL_says_what_is_to_be_dropped()
    {
        var url = await (await target.Cluster).CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.PostAsync($"/chats/{await ada.CreateChatAsync()}/shares", new { })).Ok();
        await app.StopAsync();
        await app.PlantAsync("update shares set chat_id = 'x'"); // PostgreSQL takes no such row
        var backup = Path.Combine(app.Data, "backup");
        (await RunAsync("backup", "--to", backup, $"--Cote:Data:Directory={app.Data}")).Code.ShouldBe(0);

        var restored = await RunAsync(
            "restore", "--from", backup, $"--Cote:Data:Directory={Path.Combine(app.Data, "node")}",
            $"--Cote:Data:Postgres={url}", $"--Cote:Auth:SigningKey={Engine.SigningKey}");

        restored.Code.ShouldBe(1);
        restored.Error.ShouldContain("The restore was cut off: Rows of the table shares");
        restored.Error.ShouldContain("Drop the database, create it anew, and restore again.");
        restored.Error.ShouldNotContain("Nothing was restored");
    }

    [Fact]
    public async Task What_cannot_be_copied_is_refused_in_a_sentence()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        (await CopyAsync(app.Data, url)).Error.ShouldContain("is in use. Stop the Cote that serves it first.");
        await app.StopAsync();
        var (used, half) = (await cluster.CreateDatabaseAsync(), await cluster.CreateDatabaseAsync());
        (await CopyAsync(app.Data, used)).Code.ShouldBe(0);
        var copy = await CopyAsync(app.Data, half);
        copy.Code.ShouldBe(0);
        await cluster.QueryAsync("insert into meta (key, value) values ('copy', 'another')", half);
        var cases = new (string From, string To, string Says)[]
        {
            (Path.Combine(app.Data, "nowhere.db"), url, "There is no database"),
            (Path.Combine(app.Data, "signing.key"), url, "cannot be read as a database of Cote"),
            (app.Data, "mysql://ada:geheim@localhost/x", "--to does not name a PostgreSQL database"),
            (app.Data, url + "-not-there", "cannot be used: database"),
            (app.Data, used, "The target is not empty: its table users has rows."),
            (app.Data, half, "unfinished copy of another database, or of this one before it was served again"),
        };
        foreach (var (from, to, says) in cases)
        {
            var done = await CopyAsync(from, to);
            done.Error.ShouldContain(says);
            done.Error.ShouldNotContain("geheim");
            done.Code.ShouldBe(1);
        }
        foreach (var words in new string[][] { ["copy"], ["copy", "--from", "x"], ["copy", "--from", "--to", url],
            ["copy", "x", "--from", "x", "--to", url], ["copy", "--from=x", "--to=y", "--dry-run"] })
        {
            var wrong = await RunAsync(words);
            wrong.Code.ShouldBe(2, string.Join(' ', words));
            wrong.Error.ShouldContain("Cote.Server copy --from");
        }
        await EmbeddedAsync(app.Data, "update users set email = 'a' || char(0)");
        var refused = await CopyAsync(app.Data, url);
        refused.Code.ShouldBe(1);
        refused.Error.ShouldContain($"Rows of the table users up to {ada.Id} cannot be written: ");
        (await cluster.QueryAsync("select count(*) from users", url))[0][0].ShouldBe(0L);
        var last = Migrator.All(typeof(Migrator).Assembly)[^1].Name;
        await EmbeddedAsync(app.Data, "delete from migrations where number = (select max(number) from migrations)");
        (await CopyAsync(app.Data, url)).Error.ShouldContain(
            $"was made by an older Cote (it lacks migration {last}). Start this version on it once");
        await EmbeddedAsync(app.Data, "insert into migrations values (9999, '9999_newer', '', 0)");
        (await CopyAsync(app.Data, url)).Error.ShouldContain("was made by a newer Cote");
    }

    [Fact]
    public async Task A_node_on_the_target_is_noticed()
    {
        var cluster = await target.Cluster;
        var url = await cluster.CreateDatabaseAsync();
        await using var app = await CoteApp.StartAsync();
        await app.StopAsync();
        await using var node = await CoteApp.StartAsync($"Data:Postgres={url}", $"Auth:SigningKey={Engine.SigningKey}");
        await Patience.UntilAsync(async () => (await cluster.BackendsAsync("cote listen", url)).Length > 0,
            "the node listens");

        (await CopyAsync(app.Data, url)).Error.ShouldContain("A node of Cote is connected to the target database.");

        await node.StopAsync();
        (await CopyAsync(app.Data, url)).Code.ShouldBe(0);
    }
}
