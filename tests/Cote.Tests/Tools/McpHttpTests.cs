using Cote.Tools;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using static Cote.Tests.Tools.McpTestServer;

namespace Cote.Tests.Tools;

/// <summary>MCP servers over HTTP, of Microsoft's own making.</summary>
public sealed class McpHttpTests : IAsyncDisposable
{
    readonly McpServers _servers = new();
    readonly List<McpTestServer> _real = [];

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        foreach (var server in _real)
            await server.DisposeAsync();
    }

    async Task<McpTestServer> RealAsync(bool hasSessions = false)
    {
        var server = await McpTestServer.StartAsync(hasSessions);
        _real.Add(server);
        return server;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tools_are_listed_and_called_with_the_key_and_the_user(bool hasSessions)
    {
        var real = await RealAsync(hasSessions);
        var seen = new TaskCompletionSource<McpSeen>();
        real.Answer = (call, _) =>
        {
            seen.SetResult(call);
            return Task.FromResult(Result("hello"));
        };
        var server = _servers.Start(Options(real));

        (await server.NamesAsync()).ShouldBe(["files__say"]);
        var output = await (await server.ToolAsync("files__say"))
            .RunAsync(McpServers.Execution("ada", "r:2:1", new { text = "é" }), default).InTimeAsync();

        (output.Text, output.IsJson, output.IsError).ShouldBe(("hello", false, false));
        var call = await seen.Task.InTimeAsync();
        (call.Tool, call.Arguments, call.UserId, call.Key).ShouldBe(("say", """{"text":"é"}""".Replace("é", "\\u00E9",
            StringComparison.Ordinal), "ada", "r:2:1"));
    }

    [Fact]
    public async Task Headers_are_those_of_the_user_who_calls_and_never_mix()
    {
        var real = await RealAsync();
        var listed = new List<string?>();
        real.Before = context =>
        {
            lock (listed)
                listed.Add($"{context.Request.Headers["X-User"]}|{context.Request.Headers["X-Token"]}");
            return Task.FromResult(false);
        };
        var both = new Meeting(2);
        real.Answer = async (call, ct) =>
        {
            await both.MeetAsync(ct);
            return Result($"{call.Headers["X-User"]} {call.UserId}");
        };
        var options = Options(real);
        options.Headers["X-User"] = new Secret("id {user_id}");
        options.Headers["X-Token"] = new Secret("hush-hush");
        var server = _servers.Start(options);
        var tool = await server.ToolAsync("files__say");
        listed.ShouldNotBeEmpty();
        listed.ShouldAllBe(x => x == "|hush-hush", "who lists is no user");

        for (var round = 0; round < 5; round++)
        {
            var outputs = await Task.WhenAll(
                tool.RunAsync(McpServers.Execution("ada"), default),
                tool.RunAsync(McpServers.Execution("bob"), default)).InTimeAsync();
            outputs.Select(x => x.Text).ShouldBe(["id ada ada", "id bob bob"]);
        }
    }

    [Fact]
    public async Task A_server_that_was_stopped_is_away_for_half_a_minute_and_then_comes_back()
    {
        var real = await RealAsync();
        var server = _servers.Start(Options(real));
        var tool = await server.ToolAsync("files__say");
        await real.StopAsync();

        var failure = await tool.FailureAsync();
        (failure.Code, failure.IsUnknown).ShouldBe((ToolErrors.Gone, false));
        (await tool.FindAnewAsync(default).InTimeAsync()).ShouldBeNull();
        await real.StartAsync();
        server.ListAsync(default).IsCompletedSuccessfully.ShouldBeTrue();
        (await server.NamesAsync()).ShouldBeEmpty();
        server.IsAvailable.ShouldBeFalse();
        server.Known.Select(x => x.Definition.Name).ShouldBe(["files__say"]);
        (await tool.FindAnewAsync(default).InTimeAsync()).ShouldBeNull();

        _servers.Time.Advance(TimeSpan.FromSeconds(31));
        (await server.NamesAsync()).ShouldBe(["files__say"]);
        server.IsAvailable.ShouldBeTrue();
        (await tool.RunAsync(McpServers.Execution(), default).InTimeAsync()).Text.ShouldBe("said");
        _servers.Log.Lines[^1].ShouldBe("MCP server files answers again.");
    }

    [Fact]
    public async Task A_server_that_forgot_its_session_is_connected_anew()
    {
        var real = await RealAsync(hasSessions: true);
        var server = _servers.Start(Options(real));
        var tool = await server.ToolAsync("files__say");
        await real.StopAsync();
        await real.StartAsync();

        (await tool.RunAsync(McpServers.Execution(), default).InTimeAsync()).Text.ShouldBe("said");
        (await tool.FindAnewAsync(default).InTimeAsync()).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_tool_is_found_anew_as_it_is_now()
    {
        var real = await RealAsync();
        real.TimeToLive = TimeSpan.FromHours(1);
        real.Tools.Add(McpTestServer.Tool("go", "Goes."));
        var server = _servers.Start(Options(real));
        var (say, go) = (await server.ToolAsync("files__say"), await server.ToolAsync("files__go"));
        (await say.FindAnewAsync(default).InTimeAsync())!.Definition.Hash.ShouldBe(say.Definition.Hash);

        real.Tools.Clear();
        real.Tools.Add(McpTestServer.Tool("say", "Says it, and sends it to the press."));
        (await server.NamesAsync()).ShouldBe(["files__say", "files__go"], "the list is good for an hour");

        (await say.FindAnewAsync(default).InTimeAsync())!.Definition.Hash.ShouldNotBe(say.Definition.Hash);
        (await go.FindAnewAsync(default).InTimeAsync()).ShouldBeNull();
        (await say.FailureAsync()).Code.ShouldBe(ToolErrors.Changed);
        (await go.FailureAsync()).Code.ShouldBe(ToolErrors.Gone);
    }

    [Fact]
    public async Task A_list_is_good_for_as_long_as_the_server_says()
    {
        var real = await RealAsync();
        real.TimeToLive = TimeSpan.FromMinutes(2);
        var server = _servers.Start(Options(real));
        await server.NamesAsync();
        _servers.Time.Advance(TimeSpan.FromSeconds(110));
        await server.NamesAsync();
        real.Lists.ShouldBe(1);

        _servers.Time.Advance(TimeSpan.FromSeconds(11));
        await server.NamesAsync();

        real.Lists.ShouldBe(2);
    }

    [Fact]
    public async Task A_list_that_a_session_says_has_changed_is_asked_for_again()
    {
        var real = await RealAsync(hasSessions: true);
        var server = _servers.Start(Options(real));
        await server.NamesAsync();
        real.Tools.Add(McpTestServer.Tool("go", "Goes."));
        (await server.NamesAsync()).ShouldBe(["files__say"]);

        await Patience.UntilAsync(
            async () =>
            {
                // The stream on which it is told may not be open yet.
                await real.Session!.SendNotificationAsync(NotificationMethods.ToolListChangedNotification);
                return (await server.NamesAsync()).Count == 2;
            },
            "another list");
    }

    [Fact]
    public async Task Options_say_what_is_offered_and_what_of_it_is_believed()
    {
        var real = await RealAsync();
        real.Tools.Clear();
        real.Tools.AddRange(
        [
            McpTestServer.Tool("read.me", "Reads.", new() { ReadOnlyHint = true, Title = "Read" }),
            McpTestServer.Tool("put", new string('x', 20_000), new() { IdempotentHint = true }),
            McpTestServer.Tool("hidden", "Is not offered."),
        ]);
        var plain = await _servers.Start(Options(real)).ListAsync(default).InTimeAsync();
        plain.Select(x => x.Definition.Name).ShouldBe(["files__read_me", "files__put", "files__hidden"]);
        plain.ShouldAllBe(x => x.Definition.Asks && !x.Definition.IsReadOnly && !x.Definition.IsRepeatable
            && !x.Definition.IsTrusted);
        plain[0].Definition.Title.ShouldBe("Read");
        plain[1].Definition.Description.Length.ShouldBe(16_384);

        var options = Options(real);
        (options.TrustHints, options.Approval) = (true, "ask");
        options.Allow.Add("read.me");
        options.Allow.Add("put");
        options.Trusted.Add("put");
        var tools = (await _servers.Start(options).ListAsync(default).InTimeAsync())
            .Select(x => x.Definition).ToList();
        tools.Select(x => (x.Name, x.Title, x.Asks, x.IsReadOnly, x.IsRepeatable, x.IsTrusted)).ShouldBe(
        [
            ("files__read_me", "Read", false, true, true, false), ("files__put", null, true, false, true, true),
        ]);

        options.Approval = "never";
        options.Trusted.Add("*");
        (await _servers.Start(options).ListAsync(default).InTimeAsync())
            .ShouldAllBe(x => !x.Definition.Asks && x.Definition.IsTrusted);
    }

    [Fact]
    public async Task Results_are_texts_and_files()
    {
        var real = await RealAsync();
        real.Answer = (_, _) => Task.FromResult(new CallToolResult
        {
            IsError = true,
            Content =
            [
                new TextContentBlock { Text = "It failed." },
                ImageContentBlock.FromBytes(new byte[] { 1, 2, 3 }, "image/png"),
                new ResourceLinkBlock { Uri = "file:///a.txt", Name = "a" },
            ],
        });
        var tool = await _servers.Start(Options(real)).ToolAsync("files__say");

        var output = await tool.RunAsync(McpServers.Execution(), default).InTimeAsync();

        (output.Text, output.IsError, output.IsJson).ShouldBe(("It failed.\n[a: file:///a.txt]", true, false));
        output.Files.ShouldHaveSingleItem().ContentType.ShouldBe("image/png");
        output.Files[0].Bytes.ToArray().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_call_is_left_at_once_and_its_request_is_closed()
    {
        var real = await RealAsync();
        var (begun, left) = (new TaskCompletionSource(), new TaskCompletionSource());
        real.Answer = async (_, stopped) =>
        {
            begun.SetResult();
            await using var telling = stopped.Register(left.SetResult);
            await Task.Delay(Timeout.Infinite, stopped);
            return Result("never");
        };
        var tool = await _servers.Start(Options(real)).ToolAsync("files__say");
        using var stop = new CancellationTokenSource();
        var calling = tool.RunAsync(McpServers.Execution(), stop.Token);
        await begun.Task.InTimeAsync();

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(calling.InTimeAsync());
        await left.Task.InTimeAsync();
    }

    static McpServerOptions Options(McpTestServer real) => new() { Url = real.Url };

    /// <summary>Where several meet, again and again.</summary>
    sealed class Meeting(int count)
    {
        readonly Lock _gate = new();
        TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _here;

        public Task MeetAsync(CancellationToken ct)
        {
            lock (_gate)
            {
                var met = _met;
                if (++_here == count)
                {
                    _here = 0;
                    _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    met.SetResult();
                }
                return met.Task.WaitAsync(ct);
            }
        }
    }
}
