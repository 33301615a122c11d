using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>What an admin sees and does at <c>/admin</c>.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class AdminPageTests(PageServer server)
{
    const string Hostile = "<img src=x onerror=\"document.title='ran'\">";

    [Fact]
    public async Task An_admin_finds_a_user_and_ends_what_is_theirs()
    {
        using var ada = await CoteClient.RegisterAsync(server.Node.Url, server.NameOf("findable"));
        using var robot = await ada.WithKeyAsync("read");
        (await robot.GetAsync("/users/me")).Ok();
        await using var root = await ComeAsAdminAsync();
        await FindAsync(root, ada.Username);

        await DoAsync(root, $"Revoke the key robot of {ada.Username}", "Revoke");
        await SaysAsync(root, "The key is revoked.");
        (await robot.GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.GetAsync("/users/me")).Ok();

        var budget = root.Page.GetByRole(AriaRole.Form, new() { Name = $"Budget of {ada.Username}" });
        await budget.GetByLabel("Tokens a day").FillAsync("12345");
        await root.Button($"Set the budget of {ada.Username}").ClickAsync();
        await SaysAsync(root, "0 tokens of 12,345");
        (await ada.GetAsync("/usage/budget")).Ok().Json[0].GetProperty("cap").GetInt64().ShouldBe(12345);

        await root.Page.GetByRole(AriaRole.Button, new() { Name = $"End the session of {ada.Username} at" })
            .ClickAsync();
        await ConfirmAsync(root, "End the session");
        await SaysAsync(root, "The session has ended.");
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);

        await root.Button($"Refresh: Audit of {ada.Username}").ClickAsync();
        var audit = root.Page.GetByRole(AriaRole.Table, new() { Name = $"Audit of {ada.Username}" });
        foreach (var action in new[] { "session_revoked", "budget_changed", "key_deleted" })
            await Assertions.Expect(audit.GetByRole(AriaRole.Rowheader, new() { Name = action })).ToHaveCountAsync(1);
        root.Complaints.ShouldBeEmpty();
        root.Asked.Where(x => new Uri(x) is { Scheme: "http" or "https" } to
            && to.Authority != server.Node.Url.Authority).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_user_who_is_disabled_is_logged_out_and_another_window_shows_it()
    {
        await using var ada = await server.VisitAsync();
        var name = server.NameOf("disabled");
        await ada.RegisterAsync(name);
        await using var root = await ComeAsAdminAsync();
        await FindAsync(root, name);
        var other = await root.Context.NewPageAsync();
        await other.GotoAsync(root.Page.Url);
        await Assertions.Expect(other.GetByText("enabled", new() { Exact = true })).ToBeVisibleAsync();

        await root.Button($"Disable {name}").ClickAsync();
        await root.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Visitor.CountsAsync(root.Dialog, 0);
        await Assertions.Expect(ada.Message).ToBeVisibleAsync();
        await DoAsync(root, $"Disable {name}", "Disable");

        await ada.Button("Log in").WaitForAsync();
        await Assertions.Expect(root.Button($"Enable {name}")).ToBeVisibleAsync();
        await other.GetByRole(AriaRole.Button, new() { Name = "Refresh", Exact = true }).ClickAsync();
        await Assertions.Expect(other.GetByText("disabled", new() { Exact = true })).ToBeVisibleAsync();
        await root.Button($"Enable {name}").ClickAsync();
        await Assertions.Expect(root.Button($"Disable {name}")).ToBeVisibleAsync();
        await ada.LogInAsync(name);
    }

    [Fact]
    public async Task An_admin_sees_an_open_reply_without_its_text_and_stops_it()
    {
        var gate = new Gate();
        server.Model.Script = FakeReply.Text("A secret beginning.").ThenWaitFor(gate).Then(" The end.");
        await using var ada = await server.RegisterAsync("asking");
        await ada.SayAsync("A secret question");
        await Visitor.SaysAsync(ada.Replies, "A secret beginning.");
        await using var root = await ComeAsAdminAsync();
        await GoAsync(root, "Replies");

        var row = root.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "asking" });
        await Visitor.SaysAsync(row, "nothing: its thoughts or its text come");
        (await root.Page.ContentAsync()).ShouldNotContain("secret");
        await row.GetByRole(AriaRole.Button, new() { Name = "Stop the reply to asking" }).ClickAsync();
        await ConfirmAsync(root, "Stop the reply");

        await ada.EndedAsync(1);
        await Visitor.CountsAsync(row, 0); // Replies of other tests may be open.
        gate.Open();
        (await ada.Replies.InnerTextAsync()).ShouldNotContain("The end.");
    }

    [Fact]
    public async Task One_who_is_no_admin_is_told_so_and_sent_to_the_chats()
    {
        using var ada = await CoteClient.RegisterAsync(server.Node.Url, server.NameOf("plain"));
        await using var guest = await server.VisitAsync("admin");
        await LogInAsync(guest, ada.Username, "a wrong password of mine");
        await Assertions.Expect(guest.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await LogInAsync(guest, ada.Username, ada.Password);

        await SaysAsync(guest, $"The account {ada.Username} is no admin of this server.");
        await Visitor.CountsAsync(guest.Page.GetByRole(AriaRole.Table), 0);
        await guest.Page.GetByRole(AriaRole.Link, new() { Name = "Go to the chats" }).ClickAsync();
        await guest.Message.WaitForAsync();
        guest.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_users_name_is_shown_as_text()
    {
        using var ada = await CoteClient.RegisterAsync(server.Node.Url, server.NameOf("hostile"));
        (await ada.PostAsync("/api-keys/", new { name = Hostile, scopes = new[] { "read" } })).Ok();
        (await ada.FormAsync("/token", ("username", ada.Username), ("password", ada.Password),
            ("device_name", Hostile))).Ok();
        await using var root = await ComeAsAdminAsync();
        await FindAsync(root, ada.Username);

        foreach (var table in new[] { "API keys", "Sessions" })
            await Visitor.SaysAsync(
                root.Page.GetByRole(AriaRole.Table, new() { Name = $"{table} of {ada.Username}" }), Hostile);
        await root.Button($"Revoke the key {Hostile} of {ada.Username}").ClickAsync();
        await Visitor.SaysAsync(root.Dialog, Hostile);
        await Visitor.CountsAsync(root.Page.Locator("img"), 0);
        (await root.Page.TitleAsync()).ShouldBe("Users · Cote admin");
        root.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_admin_whose_session_ends_is_told_so_and_comes_back_to_the_same_place()
    {
        await using var root = await ComeAsAdminAsync();
        await GoAsync(root, "Audit");
        await Assertions.Expect(root.Page.GetByRole(AriaRole.Table, new() { Name = "Audit" })).ToBeVisibleAsync();
        using var same = new CoteClient(server.Node.Url);
        same.Token = (await same.FormAsync("/token", ("username", root.Name!), ("password", Visitor.Password)))
            .Ok()["access_token"];
        (await same.PostAsync("/logout/all")).Ok();

        await SaysAsync(root, "You were logged out.");
        await LogInAsync(root, root.Name!, Visitor.Password);
        await Assertions.Expect(root.Page.GetByRole(AriaRole.Heading, new() { Name = "Audit" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_page_has_no_serious_findings_in_any_view()
    {
        using var ada = await CoteClient.RegisterAsync(server.Node.Url, server.NameOf("looked"));
        await ada.CreateKeyAsync("read");
        server.Model.Script = FakeReply.Text("Yes.");
        var chat = await ada.CreateChatAsync();
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Shall we?")).GetProperty("reply_id").GetString()!);
        var findings = new List<string>();
        await using var root = await server.VisitAsync("admin", new() { ReducedMotion = ReducedMotion.Reduce });
        await root.Button("Log in").WaitForAsync();
        await CheckAsync(root, "login", findings);
        await LogInAsync(
            root, await server.Node.MakeAdminAsync(server.NameOf("root")), Visitor.Password);
        foreach (var view in new[] { "Overview", "Users", "Replies", "Providers", "Usage", "Audit", "Webhooks" })
        {
            await GoAsync(root, view);
            await root.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            await CheckAsync(root, view, findings);
        }
        await FindAsync(root, ada.Username);
        await root.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await CheckAsync(root, "a user", findings);
        await root.Button($"Disable {ada.Username}").ClickAsync();
        await CheckAsync(root, "a question", findings);
        await root.Page.Keyboard.PressAsync("Escape");
        await Visitor.CountsAsync(root.Dialog, 0);

        await root.Page.SetViewportSizeAsync(390, 780);
        await CheckAsync(root, "a phone", findings);
        (await root.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth "
            + "&& document.querySelector('main').scrollWidth <= innerWidth")).ShouldBeTrue("The page is too wide.");
        findings.ShouldBeEmpty();
        root.Complaints.ShouldBeEmpty();
    }

    static async Task CheckAsync(Visitor person, string state, List<string> findings)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await person.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            var found = await person.Page.RunAxe();
            found.Passes.ShouldNotBeEmpty();
            findings.AddRange(found.Violations.Where(x => x.Impact is "serious" or "critical")
                .Select(x => $"{state}, {scheme}: {x.Id} at " + string.Join(" | ", x.Nodes.Select(y => y.Html))));
        }
    }

    async Task<Visitor> ComeAsAdminAsync()
    {
        var root = await server.VisitAsync("admin");
        root.Name = await server.Node.MakeAdminAsync(server.NameOf("root"));
        await LogInAsync(root, root.Name, Visitor.Password);
        await root.Page.GetByRole(AriaRole.Heading, new() { Name = "Overview" }).WaitForAsync();
        return root;
    }

    internal static async Task LogInAsync(Visitor person, string name, string password)
    {
        await person.Page.GetByLabel("Username", new() { Exact = true }).FillAsync(name);
        await person.Page.GetByLabel("Password", new() { Exact = true }).FillAsync(password);
        await person.Button("Log in").ClickAsync();
    }

    internal static async Task GoAsync(Visitor root, string view)
    {
        await root.Page.GetByRole(AriaRole.Navigation, new() { Name = "Views" })
            .GetByRole(AriaRole.Link, new() { Name = view, Exact = true }).ClickAsync();
        await root.Page.GetByRole(AriaRole.Heading, new() { Name = view == "Replies" ? "Open replies" : view })
            .First.WaitForAsync();
    }

    static async Task FindAsync(Visitor root, string username)
    {
        await GoAsync(root, "Users");
        await root.Page.GetByLabel("Search users").FillAsync(username[..^1]);
        await root.Page.GetByRole(AriaRole.Table, new() { Name = "Users" })
            .GetByRole(AriaRole.Link, new() { Name = username, Exact = true }).ClickAsync();
        await root.Page.GetByRole(AriaRole.Heading, new() { Name = username, Exact = true }).WaitForAsync();
    }

    static async Task DoAsync(Visitor root, string button, string action)
    {
        await root.Button(button).ClickAsync();
        await ConfirmAsync(root, action);
    }

    static Task ConfirmAsync(Visitor root, string action) =>
        root.Dialog.GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();

    static Task SaysAsync(Visitor person, string text) =>
        Assertions.Expect(person.Page.GetByText(text).First).ToBeVisibleAsync();
}
