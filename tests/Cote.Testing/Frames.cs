using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Cote.Testing;

/// <summary>One frame as a client saw it.</summary>
public sealed record TestFrame(string Type, JsonElement Data, string? Cursor)
{
    /// <summary>The number in the cursor of a durable event.</summary>
    public long Seq => Cursor is null ? 0 : long.Parse(Cursor[(Cursor.IndexOf('-', StringComparison.Ordinal) + 1)..]);

    /// <summary>The message that the frame is about, or null.</summary>
    public string? MessageId => Data.ValueKind == JsonValueKind.Object
        && (Data.TryGetProperty("message_id", out var id) || (Type == "message" && Data.TryGetProperty("id", out id)))
            ? id.GetString() : null;

    public static TestFrame Parse(string json)
    {
        var frame = JsonElement.Parse(json);
        return new(frame.GetProperty("type").GetString()!, frame.GetProperty("data"),
            frame.TryGetProperty("cursor", out var cursor) ? cursor.GetString() : null);
    }

    public override string ToString() => $"{Type} {Cursor} {Data}";
}

/// <summary>A socket that keeps every frame it got, and knows how it was closed.</summary>
public sealed class TestSocket : IAsyncDisposable
{
    readonly ClientWebSocket _socket = new();
    readonly Channel<TestFrame> _frames = Channel.CreateUnbounded<TestFrame>();
    readonly ConcurrentQueue<TestFrame> _all = [];
    readonly TaskCompletionSource<int> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _reading = Task.CompletedTask;

    /// <summary>Every frame so far.</summary>
    public IReadOnlyList<TestFrame> All => [.. _all];

    /// <summary>The close code, once the server has closed; 1006 where the connection just broke.</summary>
    public Task<int> Closed => _closed.Task.InTimeAsync();

    public string? Protocol => _socket.SubProtocol;

    /// <summary>The first frame: <c>ready</c>.</summary>
    public TestFrame Ready { get; private set; } = null!;

    /// <summary>The cursor of the last durable event, or where the connection began.</summary>
    public string Cursor => _all.LastOrDefault(x => x.Cursor is not null)?.Cursor
        ?? Ready.Data.GetProperty("cursor").GetString()!;

    public static async Task<TestSocket> ConnectAsync(
        Uri url, string path, bool awaitReady = true, Action<ClientWebSocketOptions>? change = null)
    {
        var socket = new TestSocket();
        change?.Invoke(socket._socket.Options);
        using var limit = new CancellationTokenSource(Patience.Deadline);
        await socket._socket.ConnectAsync(
            new Uri(new UriBuilder(url) { Scheme = url.Scheme == "https" ? "wss" : "ws" }.Uri, path), limit.Token);
        socket._reading = socket.ReadAsync();
        if (awaitReady)
            socket.Ready = await socket.NextAsync("ready");
        return socket;
    }

    /// <summary>The next frame, of any type.</summary>
    public async Task<TestFrame> NextAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Patience.Deadline);
        try
        {
            return await _frames.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"No further frame came. So far: {string.Join("\n", _all)}");
        }
        catch (ChannelClosedException)
        {
            throw new InvalidOperationException(
                $"The socket was closed with {await Closed}. So far: {string.Join("\n", _all)}");
        }
    }

    /// <summary>The next frame of a type that fits, passing over all others.</summary>
    public async Task<TestFrame> NextAsync(string type, Func<TestFrame, bool>? fits = null, TimeSpan? within = null)
    {
        var limit = Patience.Begin(within);
        while (true)
        {
            var frame = await NextAsync(limit.Left);
            if (frame.Type == type && fits?.Invoke(frame) != false)
                return frame;
        }
    }

    /// <summary>
    /// Waits until a client that applies what comes, snapshots and deltas, shows this text of a reply, or any.
    /// </summary>
    public async Task<ReplyTexts> ShowsAsync(string reply, string? text = null)
    {
        var texts = new ReplyTexts();
        var limit = Patience.Begin();
        while (text is null ? texts[reply].Length == 0 : texts[reply] != text)
            texts.Apply(await NextAsync(limit.Left));
        return texts;
    }

    /// <summary>The durable message that ends a reply.</summary>
    public async Task<JsonElement> EndOfAsync(string replyId) =>
        (await NextAsync("message", x => x.MessageId == replyId)).Data;

    public Task SendAsync(object frame) =>
        SendAsync(frame as string ?? JsonSerializer.Serialize(frame), WebSocketMessageType.Text);

    public Task SendAsync(string text, WebSocketMessageType type) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), type, true, CancellationToken.None);

    /// <summary>Sends a text that is not the end of its message.</summary>
    public Task SendPartAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, false, CancellationToken.None);

    /// <summary>Breaks the connection without a word, as a tunnel does.</summary>
    public void Cut() => _socket.Abort();

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
    }

    async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        using var whole = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    _closed.TrySetResult((int)_socket.CloseStatus!);
                    using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
                    return;
                }
                whole.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                var frame = TestFrame.Parse(Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length));
                whole.SetLength(0);
                _all.Enqueue(frame);
                _frames.Writer.TryWrite(frame);
            }
        }
        catch (Exception error) when (
            error is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            _closed.TrySetResult(1006);
        }
        finally
        {
            _closed.TrySetResult(1006);
            _frames.Writer.TryComplete();
        }
    }
}

/// <summary>A response of server-sent events, one at a time.</summary>
public sealed class SseReader(HttpResponseMessage response, Stream stream) : IAsyncDisposable
{
    readonly StreamReader _reader = new(stream, Encoding.UTF8);

    public HttpResponseMessage Response => response;

    /// <summary>Comments seen so far.</summary>
    public int Comments { get; private set; }

    /// <summary>The <c>id:</c> of the last event that had one.</summary>
    public string? LastId { get; private set; }

    /// <summary>The next event, or null at the end of the response.</summary>
    public async Task<TestFrame?> NextAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Patience.Deadline);
        string? type = null, data = null, id = null;
        while (true)
        {
            var line = await _reader.ReadLineAsync(limit.Token);
            if (line is null)
                return null;
            if (line.StartsWith(':'))
                Comments++;
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
                type = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = line[6..];
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = line[4..];
            else if (line.Length == 0 && data is not null)
            {
                var frame = TestFrame.Parse(data);
                // A ready frame has no cursor of its own: its id is where the connection begins.
                if (frame.Type != type
                    || id != (frame.Type == "ready" ? frame.Data.GetProperty("cursor").GetString() : frame.Cursor))
                    throw new InvalidOperationException($"event: {type} id: {id} over data {data}");
                LastId = id ?? LastId;
                return frame;
            }
        }
    }

    /// <summary>The data of the next event, whatever it is, or null at the end of the response.</summary>
    public async Task<string?> NextRawAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Patience.Deadline);
        while (await _reader.ReadLineAsync(limit.Token) is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return line[6..];
        return null;
    }

    /// <summary>All events to the end of the response.</summary>
    public async Task<List<TestFrame>> ToEndAsync()
    {
        var all = new List<TestFrame>();
        while (await NextAsync() is { } frame)
            all.Add(frame);
        return all;
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}
