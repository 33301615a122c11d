using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

public sealed class StartTests(PublishedProgram program)
{
    [Fact]
    public async Task With_nothing_configured_its_data_is_below_the_working_directory_and_the_demo_answers()
    {
        await using var node = await new Node(program).StartAsync();
        var data = Path.Combine(node.WorkingDirectory, "data");

        File.Exists(Path.Combine(data, "cote.db")).ShouldBeTrue();
        File.GetUnixFileMode(Path.Combine(data, "signing.key"))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "Hello?");
        var reply = await ada.EndOfAsync(chat, question.GetProperty("reply_id").GetString()!);
        reply.GetProperty("content").GetString()!.ShouldContain("demo assistant");
        reply.GetProperty("content").GetString()!.ShouldContain("Hello?");
        reply.GetProperty("generation").GetProperty("state").GetString().ShouldBe("completed");
        reply.GetProperty("generation").GetProperty("model").GetString().ShouldBe("demo/demo");
    }

    [Fact]
    public async Task The_first_command_of_the_readme_keeps_its_data_where_it_is_typed()
    {
        // The web SDK would run it in the project's own folder.
        var (code, said) = await Shell.RunAsync("dotnet", "msbuild", Path.Combine(Repository.Root, "src/Cote.Server"),
            "-getProperty:RunWorkingDirectory");

        code.ShouldBe(0, said);
        said.Trim().ShouldBe("");
    }

    [Fact]
    public async Task Without_a_word_about_it_it_listens_on_port_8000()
    {
        if (IsTaken(8000))
            Assert.Skip("Port 8000 is taken on this machine.");
        await using var node = await new Node(program) { Url = new("http://127.0.0.1:8000"), SaysUrl = false }
            .StartAsync();

        using var anyone = new CoteClient(node.Url);
        (await anyone.GetAsync("/")).Ok()["docs"].ShouldBe("/docs");
    }

    [Fact]
    public async Task The_docs_are_served_whole_from_the_program_itself()
    {
        await using var node = await new Node(program).StartAsync();
        using var anyone = new CoteClient(node.Url);

        var page = (await anyone.GetAsync("/docs")).Ok();
        page.Text.ShouldContain("swagger-ui");
        var assets = System.Text.RegularExpressions.Regex.Matches(page.Text, "(?:src|href)=\"([^\"]+)\"")
            .Select(x => x.Groups[1].Value).ToList();
        assets.ShouldContain(x => x.EndsWith(".js", StringComparison.Ordinal));
        foreach (var asset in assets.Where(x => !x.StartsWith("data:", StringComparison.Ordinal)))
        {
            asset.ShouldNotContain("//");
            (await anyone.GetAsync(new Uri(new Uri(node.Url, "/docs"), asset).PathAndQuery)).Status.ShouldBe(
                200, asset);
        }
        var openApi = (await anyone.GetAsync("/openapi.json")).Ok().Json;
        openApi.GetProperty("openapi").GetString()!.ShouldStartWith("3.1");
        openApi.ToString().ShouldMatch("\"tokenUrl\": ?\"token\"");
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_is_refused_in_one_sentence()
    {
        await using var first = await new Node(program).StartAsync();
        await using var second = new Node(program, first.WorkingDirectory);

        (await second.RunToEndAsync()).ShouldNotBe(0);
        ShouldBeOneSentence(second.Output).ShouldContain("Another process is using the database");
        using var ada = await CoteClient.RegisterAsync(first.Url); // and the first is none the worse for it
        ada.Id.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("Cote__Assistants__MaxParallelReplies", "many", "Cote__Assistants__MaxParallelReplies")]
    [InlineData("Cote__Assistants__Default", "nobody/nothing", "Cote__Assistants__Default")]
    [InlineData("Cote__Auth__SigningKey", "short", "Cote__Auth__SigningKey")]
    [InlineData("Cote__Auth__SigningKey_File", "/nowhere/at/all", "Cote__Auth__SigningKey_File")]
    [InlineData("Cote__RateLimits__LoginPerMinute", "0", "Cote__RateLimits__LoginPerMinute")]
    [InlineData("Cote__Http__LogFormat", "xml", "Cote__Http__LogFormat")]
    [InlineData("Cote__Colour", "blue", "Cote__Colour")]
    [InlineData("OPENAI_BASE_URL", "not a url", "Cote__Assistants__OpenAI__BaseUrl")]
    [InlineData("Cote__Data__Directory", "/proc/nowhere", "Cote__Data__Directory")]
    [InlineData("ASPNETCORE_URLS", "nonsense", "nonsense")]
    public async Task A_wrong_setting_is_said_in_one_sentence_that_names_it(string name, string value, string named)
    {
        await using var node = new Node(program) { SaysUrl = name != "ASPNETCORE_URLS" };
        node.Variables[name] = value;

        (await node.RunToEndAsync()).ShouldNotBe(0);
        ShouldBeOneSentence(node.Output).ShouldContain(named, Case.Insensitive);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_in_one_sentence()
    {
        await using var first = await new Node(program).StartAsync();
        await using var second = new Node(program) { Url = first.Url };

        (await second.RunToEndAsync()).ShouldNotBe(0);
        ShouldBeOneSentence(second.Output).ShouldContain(first.Url.Port.ToString());
    }

    [Fact]
    public async Task A_signing_key_that_is_broken_is_said_in_one_sentence()
    {
        await using var node = new Node(program);
        Directory.CreateDirectory(Path.Combine(node.WorkingDirectory, "data"));
        await File.WriteAllTextAsync(Path.Combine(node.WorkingDirectory, "data", "signing.key"), "half a k");

        (await node.RunToEndAsync()).ShouldNotBe(0);
        ShouldBeOneSentence(node.Output).ShouldContain("signing.key");
    }

    [Fact]
    public async Task A_database_that_is_none_is_said_in_one_sentence()
    {
        await using var node = new Node(program);
        Directory.CreateDirectory(Path.Combine(node.WorkingDirectory, "data"));
        await File.WriteAllTextAsync(Path.Combine(node.WorkingDirectory, "data", "cote.db"), new string('x', 8_192));

        (await node.RunToEndAsync()).ShouldNotBe(0);
        ShouldBeOneSentence(node.Output).ShouldContain("cote.db");
    }

    [Fact]
    public async Task Logs_are_one_json_object_a_line_and_hold_no_secret()
    {
        await using var model = await FakeModelServer.Start();
        var node = Node.With(program, model, "Http:LogFormat=json");
        await using var _ = node;
        node.Variables["Logging__LogLevel__Default"] = "Trace";
        node.Variables["Logging__LogLevel__Microsoft"] = "Trace";
        await node.StartAsync();

        using var ada = await CoteClient.RegisterAsync(node.Url);
        var ticket = (await ada.PostAsync("/ws/ticket")).Ok()["ticket"];
        await using (var byTicket = await TestSocket.ConnectAsync(node.Url, $"/ws?ticket={ticket}"))
        await using (var byToken = await ada.ConnectAsync())
        await using (var byProtocol = await TestSocket.ConnectAsync(node.Url, "/ws", change: x =>
        {
            x.AddSubProtocol("cote.v1");
            x.AddSubProtocol("cote.bearer." + ada.Token);
        }))
        {
            var chat = await ada.CreateChatAsync();
            var question = await ada.AskAsync(chat, "This is between us");
            await byToken.EndOfAsync(question.GetProperty("reply_id").GetString()!);
            model.Script = FakeReply.Refuse(
                401, """{"error":{"message":"Incorrect API key provided: sk-black-box-key"}}""");
            var failed = await ada.AskAsync(chat, "And this");
            await byToken.EndOfAsync(failed.GetProperty("reply_id").GetString()!);
        }
        (await ada.GetAsync($"/events?token={ada.Token}")).Ok();
        (await ada.FormAsync("/token", ("username", ada.Username), ("password", "a wrong passphrase"))).Status.ShouldBe(
            401);
        var spent = ada.RefreshToken!;
        (await ada.FormAsync("/token", ("grant_type", "refresh_token"), ("refresh_token", spent))).Ok();
        (await ada.PostAsync("/users/",
            $$"""{"username": "ada2", "email": "x", "password": "{{ada.Password}}" """)).Status.ShouldBe(422);
        var key = (await File.ReadAllTextAsync(Path.Combine(node.WorkingDirectory, "data", "signing.key"))).Trim();
        (await node.StopAsync()).ShouldBe(0);

        var lines = node.Output.Split('\n');
        lines.Length.ShouldBeGreaterThan(20);
        foreach (var line in lines)
            JsonElement.Parse(line).ValueKind.ShouldBe(JsonValueKind.Object);
        string[] secrets = [ada.Token!, ada.Password, "a wrong passphrase", spent, ticket, key, "sk-black-box-key",
            "This is between us"];
        foreach (var secret in secrets)
            lines.Where(x => x.Contains(secret, StringComparison.Ordinal))
                .ShouldBeEmpty($"of {Array.IndexOf(secrets, secret)}");
    }

    static string ShouldBeOneSentence(string output)
    {
        output.ShouldNotContain("   at ");
        output.ShouldNotContain("Unhandled exception");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(x => !x.Contains("info:", StringComparison.Ordinal)).ToList();
        lines.Count.ShouldBe(1, output);
        lines[0].ShouldStartWith("Cote cannot start: ");
        return lines[0];
    }

    static bool IsTaken(int port)
    {
        using var probe = new Socket(
            AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp)
        { DualMode = true };
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
