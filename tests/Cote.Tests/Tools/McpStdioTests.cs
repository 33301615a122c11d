using System.Globalization;
using Cote.Tools;

namespace Cote.Tests.Tools;

/// <summary>MCP servers that Cote starts, and what they may do to it.</summary>
public sealed class McpStdioTests : IAsyncDisposable
{
    readonly McpServers _servers = new();
    readonly string _starts = Path.GetTempFileName();

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        File.Delete(_starts);
    }

    McpServer Script(string mode) => _servers.Script(mode, x => x.Args.Add(_starts));

    IEnumerable<int> Processes => File.ReadAllLines(_starts).Where(x => x.All(char.IsAsciiDigit))
        .Select(x => int.Parse(x, CultureInfo.InvariantCulture));

    int Starts => Processes.Count();

    [Fact]
    public async Task A_server_is_started_once_and_called()
    {
        var server = Script("well");
        server.Known.ShouldBeEmpty();
        Starts.ShouldBe(0);

        var lists = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => server.NamesAsync())).InTimeAsync();

        lists.ShouldAllBe(x => x.Single() == "files__do");
        server.IsAvailable.ShouldBeTrue();
        var tool = await server.ToolAsync("files__do");
        tool.Definition.Source.ShouldBe("mcp:files");
        tool.Definition.Description.ShouldBe("Does it.");
        tool.Definition.Asks.ShouldBeTrue();
        (await tool.RunAsync(McpServers.Execution(), default).InTimeAsync()).Text.ShouldBe("done");
        (await tool.FindAnewAsync(default).InTimeAsync())!.Definition.Hash.ShouldBe(tool.Definition.Hash);
        Starts.ShouldBe(1);
    }

    [Fact]
    public async Task It_sees_what_its_configuration_names_and_nothing_of_ours()
    {
        Environment.SetEnvironmentVariable("A_VARIABLE_OF_OURS", "secret");
        var server = _servers.Script("environment", x => x.Env["ITS_OWN"] = new Secret("value"));

        var output = await (await server.ToolAsync("files__do")).RunAsync(McpServers.Execution(), default)
            .InTimeAsync();

        var names = output.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        names.ShouldContain("ITS_OWN");
        names.ShouldContain("PATH");
        // What a shell sets itself.
        string[] own = ["_", "OLDPWD", "PWD", "SHLVL"];
        names.Except(own).ShouldBeSubsetOf(["HOME", "ITS_OWN", "LANG", "PATH", "TMPDIR"]);
    }

    [Fact]
    public async Task What_it_complains_of_at_length_is_thrown_away()
    {
        (await Script("errors").NamesAsync()).ShouldBe(["files__do"]);
    }

    [Fact]
    public async Task Its_end_takes_along_what_it_has_started()
    {
        var server = Script("process");
        var output = await (await server.ToolAsync("files__do")).RunAsync(McpServers.Execution(), default)
            .InTimeAsync();
        var processes = output.Text.Split(' ').Select(x => int.Parse(x, CultureInfo.InvariantCulture)).ToList();
        processes.ShouldAllBe(x => Runs(x));

        await server.DisposeAsync().AsTask().InTimeAsync();

        await Patience.UntilAsync(() => Task.FromResult(!processes.Any(Runs)), "the end of both processes");
        (await server.ListAsync(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_hangs_at_its_start_is_away_for_half_a_minute()
    {
        var server = Script("hang-at-start");
        var listing = server.ListAsync(default);
        using var impatient = new CancellationTokenSource();
        var left = server.ListAsync(impatient.Token);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(left.InTimeAsync());
        await Patience.UntilAsync(() => Task.FromResult(Starts == 1), "the start");
        listing.IsCompleted.ShouldBeFalse("one who leaves does not end it for others");

        (await _servers.PassUntilAsync(listing)).ShouldBeEmpty();

        server.IsAvailable.ShouldBeFalse();
        await Patience.UntilAsync(() => Task.FromResult(!Processes.Any(Runs)), "its end");
        _servers.Time.Advance(TimeSpan.FromSeconds(15));
        server.ListAsync(default).IsCompletedSuccessfully.ShouldBeTrue("nobody waits for it");
        Starts.ShouldBe(1);
        _servers.Time.Advance(TimeSpan.FromSeconds(16));
        var again = server.ListAsync(default);
        await Patience.UntilAsync(() => Task.FromResult(Starts == 2), "another start");
        (await _servers.PassUntilAsync(again)).ShouldBeEmpty();
        _servers.Log.Lines[0].ShouldBe(
            "MCP server files does not answer (TimeoutException) and is asked again in 00:00:30.");
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_a_server_that_is_away()
    {
        var server = _servers.Start(new() { Command = "/nowhere/no-such-program" });

        (await server.NamesAsync()).ShouldBeEmpty();

        server.IsAvailable.ShouldBeFalse();
    }

    [Fact]
    public async Task A_call_that_hangs_is_left_at_once_and_the_server_is_told()
    {
        var tool = await Script("hang").ToolAsync("files__do");
        using var stop = new CancellationTokenSource();
        var calling = tool.RunAsync(McpServers.Execution(), stop.Token);

        await Patience.ShouldTakeAtMostAsync(TimeSpan.FromMilliseconds(300), async () =>
        {
            using var soon = new CancellationTokenSource();
            var another = tool.RunAsync(McpServers.Execution(), soon.Token);
            var watch = System.Diagnostics.Stopwatch.StartNew();
            await soon.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(another.InTimeAsync());
            return watch.Elapsed;
        });
        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(calling.InTimeAsync());
        await Patience.UntilAsync(
            () => Task.FromResult(File.ReadAllLines(_starts).Contains("cancelled")), "the word of the end");
        Starts.ShouldBe(1);
    }

    [Theory]
    [InlineData("one-line", "The MCP server files answered with more than a megabyte.")]
    [InlineData("many-lines", "The MCP server files answered with more than a megabyte.")]
    [InlineData("requests", "The MCP server files answered with more than a megabyte.")]
    [InlineData("die", "The connection to the MCP server files broke during the call.")]
    [InlineData("garbage", "The MCP server files answered with something that is no result.")]
    public async Task A_call_that_breaks_has_no_known_outcome_and_the_server_is_started_again(
        string mode, string detail)
    {
        var tool = await Script(mode).ToolAsync("files__do");

        var failure = await tool.FailureAsync();

        (failure.Code, failure.IsUnknown, failure.Message).ShouldBe((ToolErrors.Broken, true, detail));
        (await tool.FailureAsync()).Message.ShouldBe(detail);
        Starts.ShouldBe(mode == "garbage" ? 1 : 2);
        await Patience.UntilAsync(
            () => Task.FromResult(!Processes.SkipLast(mode == "garbage" ? 1 : 0).Any(Runs)),
            "the end of what broke");
    }

    [Fact]
    public async Task What_it_says_before_it_ends_counts()
    {
        var tool = await Script("last-words").ToolAsync("files__do");

        (await tool.RunAsync(McpServers.Execution(), default).InTimeAsync()).Text.ShouldBe("the last words");
        await Patience.UntilAsync(() => Task.FromResult(!Processes.Any(Runs)), "its end");
        // What is sent in the moment of its end may have reached it; later it is started anew.
        await Patience.UntilAsync(async () => await TextAsync(tool) == "the last words", "another start");
        Starts.ShouldBe(2);
    }

    [Fact]
    public async Task One_that_floods_instead_of_listing_is_away()
    {
        var server = Script("flood-the-list");

        (await server.NamesAsync()).ShouldBeEmpty();

        server.IsAvailable.ShouldBeFalse();
        _servers.Log.Lines.ShouldHaveSingleItem().ShouldContain("AnswerTooLongException");
    }

    [Fact]
    public async Task A_list_that_has_changed_is_asked_for_again()
    {
        var server = Script("changed");
        var tool = await server.ToolAsync("files__do");
        (await server.ToolAsync("files__do")).ShouldBeSameAs(tool, "a list is good for a while");

        await tool.RunAsync(McpServers.Execution(), default).InTimeAsync();

        await Patience.UntilAsync(
            async () => (await server.ToolAsync("files__do")) != tool, "another list");
    }

    static async Task<string> TextAsync(ServerTool tool)
    {
        try
        {
            return (await tool.RunAsync(McpServers.Execution(), default).InTimeAsync()).Text;
        }
        catch (ToolException error)
        {
            return error.Code;
        }
    }

    static bool Runs(int process)
    {
        try
        {
            // One that nobody has waited for yet is over all the same.
            var state = File.ReadAllText($"/proc/{process}/stat");
            return state[state.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
