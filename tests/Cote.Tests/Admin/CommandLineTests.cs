using System.Reflection;
using System.Text.Json;
using Cote.Admin;
using Cote.Tests.Harness;
using Cote.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Admin;

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
        root.Token = (await root.FormAsync("/token", ("username", "root"), ("password", Password)))
            .Ok()["access_token"];
        using var ada = await app.RegisterAsync("ada");
        (await root.FormAsync("/token", ("username", "ada"), ("password", "wrong"))).Status.ShouldBe(401);

        var users = (await root.GetAsync("/admin/users"))
            .Ok().Json.EnumerateArray().Select(x => x.GetProperty("username").GetString());
        var audit = (await root.GetAsync("/admin/audit")).Ok();

        users.ShouldBe(["root", "ada"]);
        var actions = audit.Json.EnumerateArray().Select(x => x.GetProperty("action").GetString()).ToList();
        actions.ShouldBe(["login_failed", "logged_in", "registered", "logged_in", "user_created"]);
        audit.Text.ShouldNotContain(Password);
        (await ada.GetAsync("/admin/users")).ErrorCode.ShouldBe("admin_only");
        (await ada.GetAsync("/admin/audit")).ErrorCode.ShouldBe("admin_only");
        var page = await root.GetAsync("/admin/audit?limit=2");
        page.Json.GetArrayLength().ShouldBe(2);
        (await root.GetAsync(page.Header("Link")!.Split('<', '>')[1])).Json[0]
            .GetProperty("action").GetString().ShouldBe("registered");
        (await root.GetAsync($"/admin/audit?user_id={ada.Id}")).Json.GetArrayLength().ShouldBe(3);
        (await root.GetAsync("/admin/audit?user_id=x")).Status.ShouldBe(422);
    }

    [Fact]
    public async Task While_the_server_runs_a_user_is_out_at_once_and_in_again()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");
        await using var socket = await ada.ConnectAsync();
        using var robot = await ada.WithKeyAsync("read");
        await using var byKey = await robot.ConnectByProtocolAsync();

        (await RunAsync(app, "", "disable-user", "ADA")).Code.ShouldBe(0);

        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await robot.GetAsync("/users/me")).Status.ShouldBe(401);
        (await byKey.Closed).ShouldBe(4503);
        (await socket.Closed).ShouldBe(4503);
        (await ada.FormAsync("/token", ("username", "ada"), ("password", ada.Password))).ErrorCode.ShouldBe(
            "account_disabled");
        (await ada.FormAsync("/token", ("username", "ada"), ("password", "wrong"))).ErrorCode.ShouldBe(
            "wrong_password");
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
        File.GetUnixFileMode(Path.Combine(app.Data, "control.sock"))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task The_network_cannot_tell_a_command_from_a_path_that_is_not_there()
    {
        await using var app = await CoteApp.StartAsync();
        using var anyone = app.Anonymous();
        foreach (var method in new[] { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS" })
        {
            var command = await anyone.SendAsync(new HttpMethod(method), "/control/create-user");
            var nothing = await anyone.SendAsync(new HttpMethod(method), "/control/nothing-of-the-kind");

            command.Status.ShouldBe(404, method);
            (command.Status, command.Text, command.Header("Allow"))
                .ShouldBe((nothing.Status, nothing.Text, nothing.Header("Allow")));
        }
    }

    [Fact]
    public async Task All_accounts_are_listed_however_many_with_a_server_and_without()
    {
        const int many = 1_050; // a page has 1,000
        IServiceProvider services = null!;
        await using var app = await CoteApp.StartAsync(add => add.Map(routes => services = routes.ServiceProvider));
        var batch = new WriteBatch();
        var clock = services.GetRequiredService<Clock>();
        for (var i = 0; i < many; i++)
            UserStore.Add(batch, new(clock.NewId(), $"user{i}", $"user{i}@example.com"), "no hash",
                Roles.User, clock.Now);
        (await services.GetRequiredService<Database>().WriteAsync(batch)).ShouldBe(Outcome.Committed);

        var asked = await RunAsync(app, "", "list-users");
        await app.StopAsync();
        var read = await RunAsync(app, "", "list-users");

        asked.Code.ShouldBe(0, asked.Error);
        var listed = JsonElement.Parse(asked.Output).EnumerateArray().ToList();
        listed.Select(x => x.GetProperty("username").GetString()).Distinct().Count().ShouldBe(many);
        listed.Select(x => x.GetProperty("id").GetString()).ShouldBeInOrder();
        read.ShouldBe(asked);
    }

    [Fact]
    public async Task A_command_for_another_database_does_not_go_to_the_server_of_this_one()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var before = (await ada.GetAsync("/sync")).Ok()["cursor"];

        using StringWriter output = new(), error = new();
        var code = await CoteCommands.RunAsync(
            ["new-epoch", .. app.Place, "--Cote:Data:Postgres=postgres://ada:geheim@db.example/restored"],
            TextReader.Null, output, error);

        code.ShouldBe(1);
        error.ToString().ShouldContain("than this command names (db.example:5432, database restored)");
        error.ToString().ShouldNotContain("geheim");
        (await ada.GetAsync("/sync")).Ok()["cursor"].ShouldBe(before);
        (await RunAsync(app, "", "new-epoch")).Code.ShouldBe(0);
        (await ada.GetAsync("/sync")).Ok()["cursor"].ShouldNotBe(before);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData(null, "--urls=http://*:8000")]
    [InlineData(null,
        "--urls http://*:8000 --Cote:Data:Directory here --environment=Development --Logging:LogLevel:Default=Debug")]
    [InlineData(2, "--daemon", "--daemon is neither a command nor a setting")]
    [InlineData(2, "--Cote__Data__Directory=here", "--Cote__Data__Directory is neither a command nor a setting")]
    [InlineData(2, "--url=http://geheim@*:8000", "--url is neither a command nor a setting")]
    [InlineData(2, "-d", "-d is neither a command nor a setting")]
    [InlineData(2, "--urls", "--urls needs a value: --urls=VALUE.")]
    [InlineData(2, "--Cote:Data:Directory --urls=http://*:8000", "--Cote:Data:Directory needs a value")]
    [InlineData(2, "start", "knows no such command: start.")]
    [InlineData(2, "disable-user ada --force", "disable-user does not take --force.")]
    [InlineData(2, "disable-user ada eve", "disable-user does not take eve.")]
    [InlineData(2, "disable-user", "Cote.Server disable-user NAME")]
    [InlineData(2, "create-user ada", "Cote.Server create-user NAME EMAIL [--admin]")]
    [InlineData(2, "copy --from=x --too=postgres://ada:geheim@db/x", "copy does not take --too.")]
    public async Task A_server_starts_with_settings_alone_and_everything_else_is_a_command_or_a_mistake(int? expected,
        string words, string? says = null)
    {
        using StringWriter output = new(), error = new();

        var code = await CoteCommands.RunAsync(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), TextReader.Null,
            output, error);

        code.ShouldBe(expected);
        error.ToString().ShouldContain(says ?? "");
        error.ToString().ShouldNotContain("geheim");
        output.ToString().ShouldBe("");
    }

    [Fact]
    public async Task Help_has_every_command_and_the_version_is_the_programs()
    {
        foreach (var words in new[] { "--help", "-h", "help" })
        {
            var (code, help) = await SayAsync(words);
            code.ShouldBe(0);
            foreach (var command in AdminCommands.All)
                help.ShouldContain(command.Name);
            help.ShouldContain("copy");
            help.ShouldContain("--Cote:Data:Directory=DIR");
        }
        (await SayAsync("create-user", "--help")).Said.ShouldContain("Makes the account an admin.");
        var (done, version) = await SayAsync("--version");
        done.ShouldBe(0);
        version.ShouldMatch(@"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$");
        typeof(CoteCommands).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.ShouldStartWith(version);

        static async Task<(int? Code, string Said)> SayAsync(params string[] words)
        {
            using var output = new StringWriter();
            return (await CoteCommands.RunAsync(words, TextReader.Null, output, TextWriter.Null),
                output.ToString().Trim());
        }
    }

    static async Task<(int Code, string Output, string Error)> RunAsync(
        CoteApp app, string password, params string[] words)
    {
        using StringWriter output = new(), error = new();
        using var input = new StringReader(password + "\n");
        var code = await CoteCommands.RunAsync([.. words, .. app.Place], input, output, error);
        return (code ?? -1, output.ToString().Trim(), error.ToString().Trim());
    }
}
