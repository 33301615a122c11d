using Cote.Tools;

namespace Cote.Tests.Tools;

/// <summary>The server that the makers of the protocol test with, over standard input and output.</summary>
[Trait("Stage", "slow")]
public sealed class McpEverythingTests
{
    [Fact]
    public async Task The_server_with_everything_is_listed_and_called()
    {
        var npm = Needs.Program("npm");
        var node = Needs.Program("node");
        var work = Directory.CreateTempSubdirectory("cote-mcp-").FullName;
        try
        {
            foreach (var file in new[] { "package.json", "package-lock.json" })
                File.Copy(Repository.Path($"tests/generators/mcp/{file}"), Path.Combine(work, file));
            var installed = await Shell.RunAsync(npm, "ci", "--prefix", work);
            if (installed.Code != 0)
                throw Needs.Missing($"npm could not install the MCP server: {installed.Said}");

            await using var servers = new McpServers();
            var options = new McpServerOptions { Command = node };
            options.Args.Add(Path.Combine(
                work, "node_modules/@modelcontextprotocol/server-everything/dist/index.js"));
            options.Args.Add("stdio");
            var server = servers.Start(options, "all");
            (await server.NamesAsync()).ShouldContain("all__echo");

            (await CallAsync(server, "all__echo", new { message = "hello" })).Text.ShouldBe("Echo: hello");
            (await CallAsync(server, "all__get-sum", new { a = 2, b = 3 })).Text.ShouldContain("5");
            (await CallAsync(server, "all__get-tiny-image", new { })).Files.ShouldNotBeEmpty();
            (await CallAsync(server, "all__echo", new { })).IsError.ShouldBeTrue("arguments are missing");
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    static async Task<ToolOutput> CallAsync(McpServer server, string tool, object arguments) =>
        await (await server.ToolAsync(tool)).RunAsync(McpServers.Execution(arguments: arguments), default)
            .InTimeAsync();
}
