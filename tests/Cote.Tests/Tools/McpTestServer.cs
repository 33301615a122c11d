using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Cote.Tests.Tools;

/// <summary>A call as an MCP server saw it.</summary>
sealed record McpSeen(string Tool, string Arguments, string? UserId, string? Key, IHeaderDictionary Headers);

/// <summary>A real MCP server over HTTP whose tools a test sets.</summary>
sealed class McpTestServer : IAsyncDisposable
{
    readonly int _port = Ports.Free();
    readonly bool _hasSessions;
    WebApplication? _app;

    McpTestServer(bool hasSessions) => _hasSessions = hasSessions;

    public string Url => $"http://127.0.0.1:{_port}/";

    public List<Tool> Tools { get; } = [Tool("say", "Says it.")];

    public TimeSpan? TimeToLive { get; set; }

    public int Lists { get; private set; }

    /// <summary>The side of the session that listed last, which can speak to the client.</summary>
    public McpServer? Session { get; private set; }

    public Func<McpSeen, CancellationToken, Task<CallToolResult>> Answer { get; set; } =
        (_, _) => Task.FromResult(Result("said"));

    /// <summary>Answers a request of any kind before the server does, where it says so.</summary>
    public Func<HttpContext, Task<bool>> Before { get; set; } = _ => Task.FromResult(false);

    public static async Task<McpTestServer> StartAsync(bool hasSessions = false)
    {
        var server = new McpTestServer(hasSessions);
        await server.StartAsync();
        return server;
    }

    public static Tool Tool(string name, string description, ToolAnnotations? annotations = null) => new()
    {
        Name = name,
        Description = description,
        InputSchema = JsonSerializer.SerializeToElement(new { type = "object" }),
        Annotations = annotations,
    };

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Url);
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddMcpServer(x => x.ServerInfo = new() { Name = "test", Version = "1" })
            .WithHttpTransport(x => x.SessionMode = _hasSessions
                ? HttpServerSessionMode.Stateful : HttpServerSessionMode.Stateless)
            .WithListToolsHandler((request, _) =>
            {
                Lists++;
                Session = request.Server;
                return ValueTask.FromResult(new ListToolsResult { Tools = [.. Tools], TimeToLive = TimeToLive });
            })
            .WithCallToolHandler(async (request, ct) => await Answer(Seen(request), ct));
        _app = builder.Build();
        _app.Use(async (context, next) =>
        {
            if (!await Before(context))
                await next(context);
        });
        _app.MapMcp();
        await _app.StartAsync();
    }

    public static CallToolResult Result(string text) => new() { Content = [new TextContentBlock { Text = text }] };

    static McpSeen Seen(RequestContext<CallToolRequestParams> request) => new(
        request.Params!.Name, JsonSerializer.Serialize(request.Params.Arguments),
        (string?)request.Params.Meta?["cote/user_id"], (string?)request.Params.Meta?["cote/key"],
        new HeaderDictionary(request.Services!.GetRequiredService<IHttpContextAccessor>().HttpContext!.Request.Headers
            .ToDictionary(StringComparer.OrdinalIgnoreCase)));

    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app!.StopAsync(now.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await StopAsync();
    }
}
