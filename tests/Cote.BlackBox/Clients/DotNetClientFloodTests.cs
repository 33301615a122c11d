using System.Net;
using System.Net.WebSockets;
using Cote.Client;
using ChatClient = Cote.Client.CoteClient;

namespace Cote.BlackBox.Clients;

/// <summary>Cote.Client at a socket that is never silent.</summary>
public sealed class DotNetClientFloodTests : IAsyncLifetime
{
    const int Closings = 100;

    readonly ScriptedServer _server = new();
    readonly CancellationTokenSource _over = new();
    readonly HttpListener _listener = new();
    readonly List<Task> _floods = [];
    Uri _url = null!;
    Task _accepting = Task.CompletedTask;

    public ValueTask InitializeAsync()
    {
        _url = new($"http://127.0.0.1:{Ports.Free()}/");
        _listener.Prefixes.Add(_url.ToString());
        _listener.Start();
        _accepting = AcceptAsync();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Close();
        await _accepting;
        await Task.WhenAll(_floods);
        _over.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task A_client_can_be_closed_while_frames_come()
    {
        for (var i = 0; i < Closings; i++)
        {
            var client = await LiveAsync();
            await client.DisposeAsync().AsTask().InTimeAsync();
        }
    }

    [Fact]
    public async Task Listeners_are_called_one_after_the_other_and_hear_of_the_last_change()
    {
        var (inside, most, calls) = (0, 0, 0);
        var seen = new TaskCompletionSource();
        await using var client = await LiveAsync();
        client.Changed += (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            Thread.Yield();
            Interlocked.Decrement(ref inside);
            if (Interlocked.Increment(ref calls) == 1_000)
                seen.TrySetResult();
        };

        await seen.Task.InTimeAsync();
        most.ShouldBe(1);

        var last = new TaskCompletionSource();
        client.Changed += (_, _) =>
        {
            if (client.State.Status == ConnectionStatus.LoggedOut)
                last.TrySetResult();
        };
        await client.LogOutAsync().InTimeAsync();
        await last.Task.InTimeAsync();
    }

    async Task<ChatClient> LiveAsync()
    {
        var client = new ChatClient(new CoteClientOptions(_url) { Handler = _server, Transport = Transport.Socket });
        await client.LogInAsync("ada", "any").InTimeAsync();
        await client.StartAsync().InTimeAsync();
        await client.WhenAsync(x => x.Status == ConnectionStatus.Live);
        return client;
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
                _floods.Add(FloodAsync(await _listener.GetContextAsync()));
        }
        catch (Exception) when (_over.IsCancellationRequested)
        {
            // The test has ended.
        }
    }

    async Task FloodAsync(HttpListenerContext context)
    {
        try
        {
            using var socket = (await context.AcceptWebSocketAsync("cote.v1")).WebSocket;
            while (true)
                await socket.SendAsync(
                    """{"type":"typing","data":{"chat_id":"c","sender":"user","is_typing":true}}"""u8.ToArray(),
                    WebSocketMessageType.Text, endOfMessage: true, _over.Token);
        }
        catch (Exception)
        {
            // The client has closed the line, or the test has ended.
        }
    }
}
