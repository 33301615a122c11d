using System.Text;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats.Import;

/// <summary>Imports that are answered before they are done.</summary>
public sealed class ImportInBackgroundTests
{
    const int Chats = 300;

    static readonly string Many =
        Exports.File([.. Enumerable.Range(0, Chats).Select(i => (JsonNode)Exports.Straight($"c{i}", 5))]);

    [Fact]
    public async Task It_is_accepted_with_an_id_that_tells_how_far_it_is()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();

        var accepted = await ada.ImportLaterAsync(Exports.File(Exports.Straight("a", 2), 5));

        accepted.Status.ShouldBe(202, accepted.Text);
        var id = accepted["id"];
        accepted.Header("Location").ShouldBe($"/import/{id}");
        (await eve.GetAsync($"/import/{id}")).ShouldBeProblem(404, "import_not_found", "Import not found");
        (await ada.EndOfImportAsync(id)).ToString().ShouldBe($$"""
            {"id":"{{id}}","state":"done","chats":1,"messages":4,"skipped":[{"item":1,"reason":"not_a_chat"}]}
            """);
        (await ada.ChatsAsync()).Count.ShouldBe(1);
        Directory.EnumerateFiles(Path.Combine(app.Data, "media"), "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_would_be_refused_is_refused_before_it_is_accepted()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        (await ada.ImportLaterAsync("[1]")).ShouldBeWrong("body.file value_error");
        (await app.RowsAsync())["imports"].ShouldBeEmpty();
    }

    [Fact]
    public async Task After_a_stop_in_the_middle_it_goes_on_and_every_chat_is_there_once()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var id = (await ada.ImportLaterAsync(Many))["id"];
        await Patience.UntilAsync(
            async () => (await ada.GetAsync($"/import/{id}")).Ok().Json.Number("chats") > 3, "some chats are imported");

        await app.RestartAsync();
        using var again = await ada.OtherDeviceAsync(app.Url);

        var status = await again.EndOfImportAsync(id);
        (status.Text("state"), status.Number("chats"), status.Number("messages"), status.Skipped())
            .ShouldBe(("done", Chats, Chats * 10, ""));
        (await again.ChatsAsync()).Count.ShouldBe(Chats);
    }

    [Fact]
    public async Task After_a_kill_in_the_middle_of_a_chat_nothing_of_it_was_shown_and_it_is_there_once()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var id = (await ada.ImportLaterAsync(Exports.File(Exports.Straight("a", 2), Exports.Straight("b", 3))))["id"];
        await ada.EndOfImportAsync(id);
        var chat = (await ada.ChatsAsync()).Single(x => x.Number("last_seq") == 6).Text("id");
        var file = (await ada.ImportLaterAsync(Exports.File(Exports.Straight("a", 2), Exports.Straight("b", 3))))["id"];
        await ada.EndOfImportAsync(file);
        // As a process leaves it that was killed between two batches: the file there, the lease another's, half a chat.
        var blob = Guid.CreateVersion7().ToString();
        await app.StopAsync();
        await LeaveAsync(app, ada.Id, id, chat, blob);
        await app.StartAgainAsync();
        using var again = await ada.OtherDeviceAsync(app.Url);

        var status = await again.EndOfImportAsync(id);

        (status.Text("state"), status.Number("chats"), status.Skipped()).ShouldBe(("failed", 1, ""), "its file is gone");
        status.GetProperty("error").Text("code").ShouldBe("storage_unavailable");
        await Patience.UntilAsync(async () => (await app.RowsAsync())["messages"].Count == 4, "half a chat is removed");
        (await again.GetAsync($"/chats/{chat}")).ShouldBeNoChat();
        (await again.ImportAsync(Exports.File(Exports.Straight("a", 2), Exports.Straight("b", 3)))).Ok()
            .Json.Skipped().ShouldBe("0 exists");
        (await again.TreeAsync(chat)).Length.ShouldBe(6);
    }

    [Fact]
    public async Task A_user_has_three_unfinished_ones_at_most()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Add((await ada.ImportLaterAsync(Many))["id"]);

        var refused = await ada.ImportAsync(Exports.File(Exports.Straight("a", 2)));

        refused.Status.ShouldBe(429);
        refused.Header("Retry-After").ShouldBe("10");
        foreach (var id in ids)
            (await ada.EndOfImportAsync(id)).Text("state").ShouldBe("done");
        (await ada.ChatsAsync()).Count.ShouldBe(Chats);
        (await ada.ImportAsync(Exports.File(Exports.Straight("a", 2)))).Ok();
    }

    [Fact]
    public async Task An_erased_account_takes_its_import_along()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var id = (await ada.ImportLaterAsync(Many))["id"];
        await Patience.UntilAsync(
            async () => (await ada.GetAsync($"/import/{id}")).Ok().Json.Number("chats") > 3, "some chats are imported");

        (await ada.DeleteAsync("/users/me")).Ok();
        await app.RestartAsync();

        var rows = await app.RowsAsync();
        foreach (var table in new[] { "users", "chats", "messages", "imports", "import_skips", "events" })
            rows[table].ShouldBeEmpty(table);
        Directory.EnumerateFiles(Path.Combine(app.Data, "media"), "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    static async Task LeaveAsync(CoteApp app, string user, string import, string chat, string blob)
    {
        await using var db = await app.ConnectAsync();
        foreach (var sql in new[]
        {
            $"update imports set state = 'running', owner = 'dead', lease_until = 0, next_item = 1, chats = 1, file_id = '{blob}' "
                + $"where id = '{import}'",
            $"update chats set deleted_at = 1, importing = '{import}' where id = '{chat}'",
            $"delete from messages where chat_id = '{chat}' and seq > 4",
        })
        {
            await using var command = db.CreateCommand();
            command.CommandText = sql;
            (await command.ExecuteNonQueryAsync()).ShouldBePositive();
        }
    }
}
