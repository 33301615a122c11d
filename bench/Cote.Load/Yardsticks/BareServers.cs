using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;

namespace Cote.Load.Yardsticks;

/// <summary>
/// What the framework can do where nothing is looked up, checked or kept: the ceiling of each figure.
/// </summary>
static class BareServers
{
    /// <summary>The frame that a bare socket says first: as long as Cote's <c>ready</c>.</summary>
    static readonly byte[] Ready =
        "{\"type\":\"ready\",\"data\":{\"cursor\":\"aaaaaaaaaaaa-0\",\"heartbeat_ms\":25000,\"user_id\":\"01900000-0000-7000-8000-000000000000\"}}"u8.ToArray();

    /// <summary>Answers every path with the bytes that were PUT there.</summary>
    public static WebApplication Kestrel(int port)
    {
        var bodies = new ConcurrentDictionary<string, byte[]>();
        var app = Make(port);
        app.Run(async http =>
        {
            var path = http.Request.Path.Value!;
            if (HttpMethods.IsPut(http.Request.Method))
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                bodies[path] = body.ToArray();
                return;
            }
            if (!bodies.TryGetValue(path, out var bytes))
                bytes = [];
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = bytes.Length;
            await http.Response.BodyWriter.WriteAsync(bytes);
        });
        return app;
    }

    /// <summary>Passes a model's stream on as it comes: no rows, no frames, nobody logged in.</summary>
    public static WebApplication Relay(int port, Uri model)
    {
        var client = new HttpClient(
            new SocketsHttpHandler { UseCookies = false })
        { Timeout = Timeout.InfiniteTimeSpan };
        var app = Make(port);
        app.Run(async http =>
        {
            if (HttpMethods.IsGet(http.Request.Method))
                return;
            var question = new byte[(int)http.Request.ContentLength!];
            await http.Request.Body.ReadExactlyAsync(question);
            using var call = new HttpRequestMessage(
                HttpMethod.Post, new Uri(model, "/v1/chat/completions"))
            { Content = new ByteArrayContent(question) };
            using var answer = await client.SendAsync(call, HttpCompletionOption.ResponseHeadersRead,
                http.RequestAborted);
            await using var stream = await answer.Content.ReadAsStreamAsync(http.RequestAborted);
            http.Response.ContentType = "text/event-stream";
            http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            var writer = http.Response.BodyWriter;
            while (await stream.ReadAsync(writer.GetMemory(4_096), http.RequestAborted) is > 0 and var read)
            {
                writer.Advance(read);
                await writer.FlushAsync(http.RequestAborted);
            }
        });
        return app;
    }

    /// <summary>
    /// Sockets that say one frame and wait; <c>POST /blast?frames=n</c> sends n frames to each, and says how many that
    /// were.
    /// </summary>
    public static WebApplication Sockets(int port)
    {
        var open = new ConcurrentDictionary<WebSocket, bool>();
        var frame = System.Text.Encoding.ASCII.GetBytes(
            "{\"type\":\"blast\",\"data\":\"" + new string('x', 200 - 26) + "\"}");
        var app = Make(port);
        app.UseWebSockets(new()
        {
            KeepAliveInterval = TimeSpan.FromSeconds(20),
            KeepAliveTimeout = TimeSpan.FromSeconds(20)
        });
        app.Run(async http =>
        {
            if (!http.WebSockets.IsWebSocketRequest)
            {
                if (HttpMethods.IsPost(http.Request.Method))
                    await Task.WhenAll(open.Keys.Select(
                        x => BlastAsync(x, int.Parse(http.Request.Query["frames"]!, CultureInfo.InvariantCulture))));
                return;
            }
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            open[socket] = true;
            try
            {
                await socket.SendAsync(Ready.AsMemory(), WebSocketMessageType.Text, true, http.RequestAborted);
                var small = new byte[64];
                while ((await socket.ReceiveAsync(
                    Memory<byte>.Empty, http.RequestAborted)).MessageType != WebSocketMessageType.Close)
                {
                    await socket.ReceiveAsync(small.AsMemory(), http.RequestAborted);
                    await socket.SendAsync("{\"type\":\"pong\",\"data\":{}}"u8.ToArray(), WebSocketMessageType.Text,
                        true, http.RequestAborted);
                }
            }
            catch (Exception error) when (error is WebSocketException or OperationCanceledException)
            {
                // it is gone
            }
            finally
            {
                open.TryRemove(socket, out _);
            }
        });
        return app;

        async Task BlastAsync(WebSocket socket, int frames)
        {
            await Task.Yield();
            for (var i = 0; i < frames; i++)
                await socket.SendAsync(frame.AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None);
        }
    }

    /// <summary>An MCP server with one tool, <c>say</c>, which answers at once.</summary>
    public static WebApplication Tools(int port)
    {
        var tool = new Tool
        {
            Name = "say",
            Description = "Says it.",
            InputSchema = JsonSerializer.SerializeToElement(new { type = "object" }),
        };
        var app = Make(port, services => services
            .AddMcpServer(x => x.ServerInfo = new() { Name = "bench", Version = "1" })
            .WithHttpTransport(x => x.SessionMode = HttpServerSessionMode.Stateless)
            .WithListToolsHandler((_, _) => ValueTask.FromResult(new ListToolsResult { Tools = [tool] }))
            .WithCallToolHandler((_, _) => ValueTask.FromResult(
                new CallToolResult { Content = [new TextContentBlock { Text = "It is said." }] })));
        app.MapGet("/", () => "tools");
        app.MapMcp("/mcp");
        return app;
    }

    static WebApplication Make(int port, Action<IServiceCollection>? add = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(x => x.AddServerHeader = false);
        add?.Invoke(builder.Services);
        return builder.Build();
    }
}
