using System.Text;
using Cote.Tools;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;

namespace Cote.Tests.Tools;

/// <summary>What an MCP server over HTTP, or what stands before it, may answer to a call.</summary>
public sealed class McpBadHttpTests : IAsyncDisposable
{
    const string Json = "application/json", Events = "text/event-stream";
    readonly McpServers _servers = new();
    McpTestServer? _real;

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        if (_real is not null)
            await _real.DisposeAsync();
    }

    async Task<ServerTool> ToolAsync(Func<HttpContext, Task> answerAsync)
    {
        _real = await McpTestServer.StartAsync();
        _real.Before = async context =>
        {
            if (context.Request.Headers["Mcp-Method"] != "tools/call")
                return false;
            await answerAsync(context);
            return true;
        };
        var options = new McpServerOptions { Url = _real.Url };
        options.Headers["Authorization"] = new Secret("Bearer hush-hush");
        return await _servers.Start(options).ToolAsync("files__say");
    }

    [Theory]
    [InlineData(Json, "                                ")]
    [InlineData(Json, "{\"a\":[0,")]
    [InlineData(Events, "data: {}\n\n")]
    [InlineData(Events, ": it is still alive\n\n")]
    [InlineData(Events, "a")]
    public async Task An_answer_that_never_ends_is_read_up_to_a_megabyte(string type, string piece)
    {
        var closed = new TaskCompletionSource();
        var tool = await ToolAsync(async context =>
        {
            await using var _ = context.RequestAborted.Register(() => closed.TrySetResult());
            context.Response.ContentType = type;
            var pieces = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, 1_000)));
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(pieces, context.RequestAborted);
        });

        var failure = await tool.FailureAsync();

        (failure.Code, failure.IsUnknown).ShouldBe((ToolErrors.Broken, true));
        failure.Message.ShouldBe("The MCP server files answered with more than a megabyte.");
        await closed.Task.InTimeAsync();
    }

    [Theory]
    [InlineData(200, "text/html", "<p>Welcome!", ToolErrors.Broken, "something that is no result")]
    [InlineData(200, Json, "no JSON", ToolErrors.Broken, "something that is no result")]
    [InlineData(200, Json, """{"jsonrpc":"2.0","id":"c2","result":[1]}""", ToolErrors.Broken, "no result")]
    [InlineData(200, Events, "data: no JSON\n\n", ToolErrors.Broken, "something that is no result")]
    [InlineData(202, Json, "", ToolErrors.Broken, "something that is no result")]
    [InlineData(500, Json, "{}", ToolErrors.Broken, "broke during the call")]
    [InlineData(302, Json, "", ToolErrors.Gone, "refuses the call with status 302")]
    [InlineData(401, Json, "{}", ToolErrors.Gone, "refuses the call with status 401")]
    [InlineData(404, Json, "", ToolErrors.Gone, "refuses the call with status 404")]
    public async Task Only_what_was_refused_was_surely_not_executed(
        int status, string type, string body, string code, string detail)
    {
        var tool = await ToolAsync(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            context.Response.Headers.Location = "http://127.0.0.1:1/";
            await context.Response.WriteAsync(body);
        });

        var failure = await tool.FailureAsync();

        (failure.Code, failure.IsUnknown).ShouldBe((code, code == ToolErrors.Broken));
        failure.Message.ShouldContain(detail);
        failure.InnerException.ShouldBeNull("it may hold what the server said");
    }

    [Theory]
    [InlineData(400, 1)] // It may be how the tool fails.
    [InlineData(404, 2)]
    public async Task A_call_is_made_again_where_its_session_has_ended_for_sure(int status, int calls)
    {
        _real = await McpTestServer.StartAsync(hasSessions: true);
        var seen = 0;
        _real.Before = async context =>
        {
            context.Request.EnableBuffering();
            var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Request.Body.Position = 0;
            if (!body.Contains("tools/call", StringComparison.Ordinal) || ++seen > 1)
                return false;
            context.Response.StatusCode = status;
            return true;
        };
        var tool = await _servers.Start(new() { Url = _real.Url }).ToolAsync("files__say");

        if (calls == 1)
            (await tool.FailureAsync()).Code.ShouldBe(ToolErrors.Gone);
        else
            (await tool.RunAsync(McpServers.Execution(), default).InTimeAsync()).Text.ShouldBe("said");

        seen.ShouldBe(calls);
        (await tool.RunAsync(McpServers.Execution(), default).InTimeAsync()).Text.ShouldBe("said", "it is there again");
    }

    [Fact]
    public async Task A_connection_that_breaks_leaves_the_outcome_unknown()
    {
        var tool = await ToolAsync(context =>
        {
            context.Features.Get<IHttpRequestLifetimeFeature>()!.Abort();
            return Task.CompletedTask;
        });

        (await tool.FailureAsync()).IsUnknown.ShouldBeTrue();
    }

    [Fact]
    public async Task An_error_of_the_server_is_told_without_our_secrets_and_not_at_any_length()
    {
        var tool = await ToolAsync(_ => throw new InvalidOperationException("It is not asked."));
        _real!.Before = _ => Task.FromResult(false);
        _real.Answer = (_, _) => throw new McpProtocolException(
            "It does not like Bearer hush-hush " + new string('x', 2_000), McpErrorCode.InvalidParams);

        var failure = await tool.FailureAsync();

        (failure.Code, failure.IsUnknown).ShouldBe((ToolErrors.Failed, false));
        failure.Message.ShouldStartWith("It does not like *** xxx");
        failure.Message.Length.ShouldBe(1_000);
        _servers.Log.Lines.ShouldHaveSingleItem().ShouldBe(
            "A call of MCP server files ended with tool_failed (McpProtocolException).");
    }

    [Fact]
    public async Task A_list_that_never_ends_makes_the_server_be_away()
    {
        _real = await McpTestServer.StartAsync();
        _real.Before = async context =>
        {
            if (context.Request.Headers["Mcp-Method"] != "tools/list")
                return false;
            context.Response.ContentType = Json;
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(new byte[10_000], context.RequestAborted);
            return true;
        };
        var server = _servers.Start(new() { Url = _real.Url });

        (await server.NamesAsync()).ShouldBeEmpty();

        server.IsAvailable.ShouldBeFalse();
    }

    [Fact]
    public async Task More_tools_than_are_read_are_left_out()
    {
        _real = await McpTestServer.StartAsync();
        _real.Tools.AddRange(Enumerable.Range(0, 1_100).Select(x => McpTestServer.Tool($"t{x}", "One of many.")));
        var server = _servers.Start(new() { Url = _real.Url });

        (await server.NamesAsync()).Count.ShouldBe(1_000);

        _servers.Log.Lines.ShouldHaveSingleItem().ShouldContain("lists more tools than are read: 1000 are offered");
    }
}
