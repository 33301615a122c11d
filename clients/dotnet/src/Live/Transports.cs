using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Cote.Client;

/// <summary>How a connection ended.</summary>
/// <param name="Code">A close code, or the status of an answer; 1006 where the line broke.</param>
/// <param name="WasOpen">Whether the server said anything.</param>
/// <param name="RetryAfter">How long the server asks to wait.</param>
sealed record Ending(int Code, bool WasOpen, TimeSpan? RetryAfter = null);

/// <summary>Brings frames until its connection ends. It throws for no other reason than to be cancelled.</summary>
abstract class FrameSource(Action<Frame> take, Action opened)
{
    /// <summary>The longest silence of an event stream, and of a socket that has not said its own.</summary>
    protected static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    protected bool IsOpen { get; private set; }

    public async Task<Ending> RunAsync(string cursor, string token, CancellationToken cancellationToken)
    {
        try
        {
            return new(await ReadAsync(cursor, token, cancellationToken).ConfigureAwait(false), IsOpen);
        }
        catch (CoteException error)
        {
            return new(error.Status is 0 ? 1006 : error.Status, IsOpen, error.RetryAfter);
        }
        catch (Exception error) when (
            (CoteHttp.IsOfNetwork(error) || error is JsonException) && !cancellationToken.IsCancellationRequested)
        {
            return new(1006, IsOpen);
        }
        catch (Exception error) when (cancellationToken.IsCancellationRequested)
        {
            // A socket that is cancelled while it hands over a frame is "Aborted" to the next read.
            throw new OperationCanceledException(null, error, cancellationToken);
        }
    }

    protected abstract Task<int> ReadAsync(string cursor, string token, CancellationToken cancellationToken);

    protected void Take(Frame frame)
    {
        Open();
        take(frame);
    }

    protected void Open()
    {
        if (IsOpen)
            return;
        IsOpen = true;
        opened();
    }

    protected static Frame Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, CoteJson.Default.Frame) ?? throw new JsonException("A frame is null.");
}

/// <summary>A WebSocket.</summary>
sealed class SocketSource(CoteHttp http, Action<Frame> take, Action opened) : FrameSource(take, opened)
{
    protected override async Task<int> ReadAsync(string cursor, string token, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("cote.v1");
        if (OperatingSystem.IsBrowser())
            socket.Options.AddSubProtocol("cote.bearer." + token); // a browser sets no header of a socket
        else
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var silence = Silence;
        watchdog.CancelAfter(silence);
        await socket.ConnectAsync(http.SocketUrl($"ws?cursor={cursor}"), watchdog.Token).ConfigureAwait(false);
        var buffer = new byte[16 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(), watchdog.Token).ConfigureAwait(false);
            watchdog.CancelAfter(silence);
            if (read.MessageType == WebSocketMessageType.Close)
                return (int?)socket.CloseStatus ?? 1006;
            message.Write(buffer, 0, read.Count);
            if (!read.EndOfMessage)
                continue;
            var frame = Parse(message.GetBuffer().AsSpan(0, (int)message.Length));
            message.SetLength(0);
            if (frame.Type == "ready")
                silence = TimeSpan.FromMilliseconds(
                    2 * Math.Max(1_000, frame.Data.Deserialize(CoteJson.Default.Ready)!.HeartbeatMs));
            Take(frame);
        }
    }
}

/// <summary>A stream of server-sent events.</summary>
sealed class EventSource(CoteHttp http, Action<Frame> take, Action opened) : FrameSource(take, opened)
{
    protected override async Task<int> ReadAsync(string cursor, string token, CancellationToken cancellationToken)
    {
        using var response = await http.OpenAsync(
            $"events?cursor={cursor}", token, "text/event-stream", cancellationToken).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            return 1006; // a page of something on the way
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var lines = new StreamReader(stream, Encoding.UTF8);
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (true)
        {
            watchdog.CancelAfter(Silence);
            var line = await lines.ReadLineAsync(watchdog.Token).ConfigureAwait(false);
            if (line is null)
                return 1006;
            // The whole frame stands in one line; comments and other fields only say that the server is there.
            if (line.StartsWith("data:", StringComparison.Ordinal))
                Take(Parse(Encoding.UTF8.GetBytes(line[5..])));
        }
    }
}

/// <summary>One long-poll after the other.</summary>
sealed class PollSource(CoteHttp http, Action<Frame> take, Action opened) : FrameSource(take, opened)
{
    const int Seconds = 25;

    protected override async Task<int> ReadAsync(string cursor, string token, CancellationToken cancellationToken)
    {
        // The first answers at once: it says that there is a line.
        for (var wait = 0; ; wait = Seconds)
        {
            var request = CoteHttp.Request(HttpMethod.Get, $"events?cursor={cursor}&wait={wait}", token, null);
            var answer = (await http.SendAsync(request, cancellationToken, TimeSpan.FromSeconds(wait))
                .ConfigureAwait(false)).As(CoteJson.Default.PollAnswer);
            Open();
            foreach (var frame in answer.Events)
                Take(frame);
            cursor = answer.Cursor;
        }
    }
}
