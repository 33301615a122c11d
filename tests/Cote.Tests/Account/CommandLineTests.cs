using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Account;

/// <summary>The command line, while the server runs and while it does not.</summary>
public sealed class CommandLineTests
{
    const string Password = "correct horse battery";

    [Fact]
    public async Task An_admin_is_made_without_a_server_and_sees_what_others_may_not()
    {
        await using var app = await CoteApp.StartAsync();
        await app.StopAsync();
        var made = await RunAsync(app, Password, "create-user", "root", "root@example.com", "--admin");
        made.Code.ShouldBe(0, made.Error);
        JsonElement.Parse(made.Output).GetProperty("role").GetString().ShouldBe("admin");
        await app.StartAgainAsync();
        using var root = app.Anonymous();
        root.Token = (await root.FormAsync("/token", ("username", "root"), ("password", Password))).Ok()["access_token"];
        using var ada = await app.RegisterAsync("ada");
        (await root.FormAsync("/token", ("username", "ada"), ("password", "wrong"))).Status.ShouldBe(401);

        var users = (await root.GetAsync("/admin/users")).Ok().Json.EnumerateArray().Select(x => x.GetProperty("username").GetString());
        var audit = (await root.GetAsync("/admin/audit")).Ok();

        users.ShouldBe(["root", "ada"]);
        var actions = audit.Json.EnumerateArray().Select(x => x.GetProperty("action").GetString()).ToList();
        actions.ShouldBe(["login_failed", "logged_in", "registered", "logged_in", "user_created"]);
        audit.Text.ShouldNotContain(Password);
        (await ada.GetAsync("/admin/users")).ErrorCode.ShouldBe("admin_only");
        (await ada.GetAsync("/admin/audit")).ErrorCode.ShouldBe("admin_only");
        var page = await root.GetAsync("/admin/audit?limit=2");
        page.Json.GetArrayLength().ShouldBe(2);
        (await root.GetAsync(page.Header("Link")!.Split('<', '>')[1])).Json[0].GetProperty("action").GetString().ShouldBe("registered");
        (await root.GetAsync($"/admin/audit?user_id={ada.Id}")).Json.GetArrayLength().ShouldBe(3);
        (await root.GetAsync("/admin/audit?user_id=x")).Status.ShouldBe(422);
    }

    [Fact]
    public async Task While_the_server_runs_a_user_is_out_at_once_and_in_again()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");
        await using var socket = await ada.ConnectAsync();

        (await RunAsync(app, "", "disable-user", "ADA")).Code.ShouldBe(0);

        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await socket.Closed).ShouldBe(4503);
        (await ada.FormAsync("/token", ("username", "ada"), ("password", ada.Password))).ErrorCode.ShouldBe("account_disabled");
        (await ada.FormAsync("/token", ("username", "ada"), ("password", "wrong"))).ErrorCode.ShouldBe("wrong_password");
        (await RunAsync(app, "", "enable-user", "ada")).Code.ShouldBe(0);
        (await ada.LogInAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_reset_password_is_the_only_one_that_works_and_all_sessions_have_ended()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");

        (await RunAsync(app, "an even better one", "reset-password", "ada")).Code.ShouldBe(0);

        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.FormAsync("/token", ("username", "ada"), ("password", ada.Password))).Status.ShouldBe(401);
        (await ada.FormAsync("/token", ("username", "ada"), ("password", "an even better one"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Mistakes_are_said_in_a_sentence_and_change_nothing()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");

        var cases = new (string Password, string[] Words, string Says)[]
        {
            (Password, ["create-user", "ADA", "other@example.com"], "Username already registered"),
            ("short", ["create-user", "bob", "bob@example.com"], "at least 8 characters"),
            (Password, ["create-user", "bob", "nonsense"], "email"),
            ("", ["disable-user", "nobody"], "No such user"),
            ("", ["disable-user"], "no such command"),
            ("", ["nonsense"], "no such command"),
        };
        foreach (var (password, words, says) in cases)
        {
            var done = await RunAsync(app, password, words);
            done.Code.ShouldNotBe(0, string.Join(' ', words));
            done.Error.ShouldContain(says);
            done.Output.ShouldBe("");
        }
        var listed = await RunAsync(app, "", "list-users");
        JsonElement.Parse(listed.Output).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task What_the_control_socket_serves_is_not_served_to_the_network()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.GetAsync("/control/list-users")).ErrorCode.ShouldBe("not_found");
        (await ada.PostAsync("/control/disable-user", new { username = ada.Username })).ErrorCode.ShouldBe("not_found");
        (await ada.GetAsync("/users/me")).Status.ShouldBe(200);
        File.GetUnixFileMode(Path.Combine(app.Data, "control.sock")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    static async Task<(int Code, string Output, string Error)> RunAsync(CoteApp app, string password, params string[] words)
    {
        using StringWriter output = new(), error = new();
        using var input = new StringReader(password + "\n");
        var code = await CoteCommands.RunAsync([.. words, .. app.Place], input, output, error);
        return (code ?? -1, output.ToString().Trim(), error.ToString().Trim());
    }
}
