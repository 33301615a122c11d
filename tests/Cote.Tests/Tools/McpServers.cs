using System.Text.Json;
using Cote.Tools;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Cote.Tests.Tools;

/// <summary>MCP servers as tests configure them, on a clock that stands still until a test moves it.</summary>
sealed class McpServers : IAsyncDisposable
{
    readonly List<McpServer> _servers = [];

    public FakeTimeProvider Time { get; } = new();

    public McpLines Log { get; } = new();

    public McpServer Start(McpServerOptions options, string name = "files")
    {
        var server = new McpServer(name, options, new Clock(Time), Log);
        _servers.Add(server);
        return server;
    }

    /// <summary>A server that tests/Cote.Tests/Tools/mcp-server.sh plays.</summary>
    public McpServer Script(string mode, Action<McpServerOptions>? set = null)
    {
        var options = new McpServerOptions { Command = "/bin/sh" };
        options.Args.Add(Repository.Path("tests/Cote.Tests/Tools/mcp-server.sh"));
        options.Args.Add(mode);
        set?.Invoke(options);
        return Start(options);
    }

    /// <summary>Lets time pass until something has come to its end.</summary>
    public async Task<T> PassUntilAsync<T>(Task<T> task)
    {
        await Patience.UntilAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(task.IsCompleted);
            },
            "an end");
        return await task;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync().AsTask().InTimeAsync();
    }

    public static ToolExecution Execution(string user = "ada", string key = "r:1:0", object? arguments = null) => new(
        user, "chat", "reply", "call", key, JsonSerializer.SerializeToElement(arguments ?? new { }));
}

/// <summary>What was logged, with the values that a log keeps beside the text.</summary>
sealed class McpLines : ILogger
{
    readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add(formatter(state, exception) + exception);
    }
}

/// <summary>Shorter ways to the tools of a server.</summary>
static class McpServersExtensions
{
    public static async Task<IReadOnlyList<string>> NamesAsync(this McpServer server) =>
        [.. (await server.ListAsync(default).InTimeAsync()).Select(x => x.Definition.Name)];

    public static async Task<ServerTool> ToolAsync(this McpServer server, string name) =>
        (await server.ListAsync(default).InTimeAsync()).Single(x => x.Definition.Name == name);

    public static async Task<ToolException> FailureAsync(this ServerTool tool, object? arguments = null) =>
        await Should.ThrowAsync<ToolException>(
            tool.RunAsync(McpServers.Execution(arguments: arguments), default).InTimeAsync());
}
