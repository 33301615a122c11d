using Microsoft.Data.Sqlite;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>What an admin does at <c>/admin</c> beside ending users' sessions and keys.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class AdminVerbsTests(PageServer server)
{
    [Fact]
    public async Task Webhooks_that_are_given_up_are_tried_again_and_dropped()
    {
        foreach (var name in new[] { "billing", "mailing" })
            await PlantAsync($"""
                insert into webhooks (id, endpoint, type, user_id, at, until, tries, failed_at, fault) values
                  ('{Guid.CreateVersion7()}_{name}', '{name}', 'reply.ended', '{Guid.CreateVersion7()}', 1, 2, 14, 3,
                   'status 500')
                """);
        await using var root = await ComeAsync();
        await AdminPageTests.GoAsync(root, "Webhooks");
        var rows = root.Page.GetByRole(AriaRole.Table, new() { Name = "Webhooks that are given up" })
            .GetByRole(AriaRole.Rowheader);
        await Visitor.CountsAsync(rows, 2);

        await root.Button("Retry reply.ended at billing").ClickAsync();
        await SaysAsync(root, "It is tried for another day.");
        await Visitor.CountsAsync(rows, 1);
        await Assertions.Expect(rows).ToHaveTextAsync("mailing");
        (await CountAsync("select count(*) from webhooks where endpoint = 'billing' and failed_at is null"))
            .ShouldBe(1);

        await root.Button("Drop reply.ended at mailing").ClickAsync();
        await root.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        (await CountAsync("select count(*) from webhooks where endpoint = 'mailing'")).ShouldBe(1);
        await DoAsync(root, "Drop reply.ended at mailing", "Drop");
        await SaysAsync(root, "None is given up.");
        (await CountAsync("select count(*) from webhooks where endpoint = 'mailing'")).ShouldBe(0);
        await AdminPageTests.GoAsync(root, "Audit");
        foreach (var action in new[] { "webhook_retried", "webhook_dropped" })
            await Visitor.CountsAsync(root.Page.GetByRole(AriaRole.Rowheader, new() { Name = action }), 1);
        root.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_device_is_removed_links_end_and_a_user_is_let_in_again()
    {
        using var ada = await CoteClient.RegisterAsync(server.Node.Url, server.NameOf("owning"));
        using var browser = new TestBrowser();
        (await ada.PostAsync("/devices/", browser.Device("https://push.example.com"))).Ok();
        var chat = await ada.CreateChatAsync();
        var share = (await ada.PostAsync($"/chats/{chat}/shares", new { live = true })).Ok();
        var link = share["url"].Split('/')[^1];
        using var anyone = new CoteClient(server.Node.Url);
        (await anyone.GetAsync("/shared/" + link)).Ok();
        await using var root = await ComeAsync();
        await root.Page.GotoAsync($"{server.Node.Url}admin#/users/{ada.Id}");
        await root.Page.GetByRole(AriaRole.Heading, new() { Name = ada.Username, Exact = true }).WaitForAsync();

        await DoAsync(root, $"Remove the device webpush of {ada.Username}", "Remove");
        await SaysAsync(root, "No device gets pushes.");
        (await ada.GetAsync("/devices/")).Ok().Json.GetArrayLength().ShouldBe(0);

        await DoAsync(root, $"End the link of {ada.Username} to {chat}", "End the link");
        await SaysAsync(root, "The link has ended.");
        (await anyone.GetAsync("/shared/" + link)).Status.ShouldBe(404);

        await DoAsync(root, $"Disable {ada.Username}", "Disable");
        await root.Button($"Enable {ada.Username}").WaitForAsync();
        (await ada.LogInAsync()).ErrorCode.ShouldBe("account_disabled");
        await root.Button($"Enable {ada.Username}").ClickAsync();
        await root.Button($"Disable {ada.Username}").WaitForAsync();
        (await ada.LogInAsync()).Ok();

        await root.Button($"Refresh: Audit of {ada.Username}").ClickAsync();
        var audit = root.Page.GetByRole(AriaRole.Table, new() { Name = $"Audit of {ada.Username}" });
        foreach (var action in new[] { "device_removed", "share_deleted", "user_disabled", "user_enabled" })
            await Assertions.Expect(audit.GetByRole(AriaRole.Rowheader, new() { Name = action })).ToHaveCountAsync(1);
        root.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task More_open_replies_than_a_page_holds_are_shown_and_stay_when_they_are_asked_for_again()
    {
        const int page = 100;
        using var ada = await CoteClient.RegisterAsync(server.Node.Url, server.NameOf("waiting"));
        for (var i = 0; i <= page; i++)
            await ada.AskAsync(await ada.CreateChatAsync(model: "demo/approval"), "Will you?");
        await using var root = await ComeAsync();
        await root.Page.GotoAsync($"{server.Node.Url}admin#/users/{ada.Id}");
        var rows = root.Page.GetByRole(AriaRole.Table, new() { Name = $"Open replies of {ada.Username}" })
            .GetByRole(AriaRole.Rowheader);
        await Visitor.CountsAsync(rows, page);

        await root.Button("Show more").ClickAsync();
        await Visitor.CountsAsync(rows, page + 1);
        await root.Page.WaitForResponseAsync(x => x.Url.Contains("after=", StringComparison.Ordinal));
        await Visitor.CountsAsync(rows, page + 1);
        await Visitor.CountsAsync(root.Button("Show more"), 0);
        await DoAsync(root, $"Disable {ada.Username}", "Disable");
        root.Complaints.ShouldBeEmpty();
    }

    async Task<Visitor> ComeAsync()
    {
        var root = await server.VisitAsync("admin");
        var name = await server.Node.MakeAdminAsync(server.NameOf("root"));
        await AdminPageTests.LogInAsync(root, name, Visitor.Password);
        await root.Page.GetByRole(AriaRole.Heading, new() { Name = "Overview" }).WaitForAsync();
        return root;
    }

    // Rows that only a day of failed tries would leave.
    async Task PlantAsync(string sql)
    {
        await using var db = await OpenAsync();
        await using var command = new SqliteCommand(sql, db);
        await command.ExecuteNonQueryAsync();
    }

    async Task<long> CountAsync(string sql)
    {
        await using var db = await OpenAsync();
        await using var command = new SqliteCommand(sql, db);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    async Task<SqliteConnection> OpenAsync()
    {
        var file = Path.Combine(server.Node.WorkingDirectory, "data", "cote.db");
        var db = new SqliteConnection($"Data Source={file};Pooling=False;Default Timeout=60");
        await db.OpenAsync();
        return db;
    }

    static async Task DoAsync(Visitor root, string button, string action)
    {
        await root.Button(button).ClickAsync();
        await root.Dialog.GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();
    }

    static Task SaysAsync(Visitor person, string text) =>
        Assertions.Expect(person.Page.GetByText(text).First).ToBeVisibleAsync();
}
