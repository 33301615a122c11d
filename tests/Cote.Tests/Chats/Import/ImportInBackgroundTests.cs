using System.Text;
using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

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
        // The end is told before its file is taken away.
        await Patience.UntilAsync(
            () => Task.FromResult(!Directory.EnumerateFiles(
                Path.Combine(app.Data, "media"), "*", SearchOption.AllDirectories).Any()), "the file is gone");
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
    public async Task After_a_kill_in_the_middle_of_a_chat_it_is_made_anew_and_nothing_of_it_was_shown()
    {
        var inside = new Inside();
        await using var app = await CoteApp.StartAsync(
            x => x.Services.AddHostedService(inside.Open).AddSingleton(new ImportLease(TimeSpan.FromSeconds(1))));
        using var ada = await app.RegisterAsync();
        var file = Exports.File(Exports.Straight("a", 2), Exports.Straight("b", 3));
        var id = (await ada.ImportLaterAsync(file))["id"];
        await ada.EndOfImportAsync(id);
        var chat = (await ada.ChatsAsync()).Single(x => x.Number("last_seq") == 6).Text("id");
        var tree = await ada.TreeAsync(chat);

        await inside.CutOffAsync(id, chat, file, Path.Combine(app.Data, "file"));

        await Patience.UntilAsync(
            async () => (await ada.GetAsync($"/import/{id}")).Ok().Json.Number("chats") == 2, "it goes on");
        var status = await ada.EndOfImportAsync(id);
        (status.Text("state"), status.Number("messages"), status.Skipped()).ShouldBe(("done", 10, ""));
        (await ada.TreeAsync(chat)).ShouldBe(tree);
        (await app.RowsAsync())["messages"].Count.ShouldBe(10);
    }

    [Fact]
    public async Task What_an_import_left_of_a_chat_that_nothing_goes_on_with_is_removed_and_its_id_is_free()
    {
        var inside = new Inside();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddHostedService(inside.Open));
        using var ada = await app.RegisterAsync();
        (await ada.ImportAsync(Exports.File(Exports.Straight("a", 2)))).Ok();
        var chat = (await ada.ChatsAsync())[0].Text("id");

        await inside.CutOffAsync(Guid.CreateVersion7().ToString(), chat);

        (await ada.GetAsync($"/chats/{chat}")).ShouldBeNoChat();
        await Patience.UntilAsync(async () => (await app.RowsAsync())["chats"].Count == 0, "half a chat is removed");
        (await ada.ImportAsync(Exports.File(Exports.Straight("a", 2)))).Ok().Json.Skipped().ShouldBeEmpty();
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
        // The end is told before its file is taken away.
        await Patience.UntilAsync(
            () => Task.FromResult(!Directory.EnumerateFiles(
                Path.Combine(app.Data, "media"), "*", SearchOption.AllDirectories).Any()), "the file is gone");
    }

    /// <summary>Leaves what a process leaves that is killed between two batches of a chat.</summary>
    sealed class Inside
    {
        Database _db = null!;
        BlobStorage _storage = null!;

        public Nothing Open(IServiceProvider services)
        {
            (_db, _storage) = (services.GetRequiredService<Database>(), services.GetRequiredService<BlobStorage>());
            return new();
        }

        public async Task CutOffAsync(string import, string chat, string? file = null, string path = "")
        {
            var blob = Guid.CreateVersion7().ToString();
            var batch = new WriteBatch();
            batch.Execute($"update chats set deleted_at = 1, importing = {import} where id = {chat}");
            batch.Execute($"delete from messages where chat_id = {chat} and seq > 3");
            if (file is not null)
            {
                await File.WriteAllTextAsync(path, file);
                await _storage.AddAsync(blob, path, default);
                batch.Execute($"""
                    update imports set state = 'running', owner = 'dead', lease_until = 0, next_item = 1, chats = 1, messages = 4,
                      file_id = {blob} where id = {import}
                    """);
            }
            await _db.WriteAsync(batch);
        }
    }

    sealed class Nothing : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }
}
