using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>
/// One socket: a loop that writes the frames of its subscription, and a loop that reads what the client sends. Waiting
/// for a frame holds no buffer, so an idle socket costs next to nothing.
/// </summary>
#pragma warning disable CA1001 // It disposes of what it owns at the end of its one run.
sealed class SocketSession(
    WebSocket socket, SocketMeter meter, Subscription subscription, SocketCommands commands, RealtimeOptions options,
    Clock clock) : IResult
#pragma warning restore CA1001
{
    const int MostErrors = 10;
    const int PieceBytes = 64 * 1024;
    static readonly TimeSpan ErrorsWithin = TimeSpan.FromMinutes(1);
    static readonly TimeSpan AbortAfter = TimeSpan.FromSeconds(5);

    // A connection that breaks ends reading by itself, so this needs no link to the request's own token.
    readonly CancellationTokenSource _over = new();
    Queue<long>? _errors;
    TokenBucket _allowance = new(options.FramesPerSecond * 2, options.FramesPerSecond, clock);

    /// <summary>Runs it to its end, after the handler that has opened it: nothing of the handshake is kept.</summary>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var over = _over;
        using var opened = socket;
        await using var watched = subscription;
        using var counted = DeliveryMetrics.Open("websocket");
        meter.Start(options.MaxFrameBytes, clock, () => subscription.Close(CloseReason.RateLimited));
        var writing = WriteAsync(); // `ready` comes before whatever the client's frames lead to.
        var reading = ReadAsync();
        try
        {
            await writing;
            if (subscription.Closed is { } reason)
                await CloseAsync(reason, reading);
        }
        finally
        {
            await over.CancelAsync();
            await reading;
        }
    }

    async Task WriteAsync()
    {
        try
        {
            await SendAsync(subscription.Ready(options.HeartbeatMilliseconds));
            if (subscription.Reset is { } why)
                await SendAsync(Frame.Reset(why, subscription.Cursor));
            // What ends it wakes it too, so that an idle socket needs no registration with a token.
            while (await subscription.NextAsync(CancellationToken.None) is { Count: > 0 } frames
                && await ShowAsync(frames))
            {
            }
        }
        catch (Exception error) when (IsBroken(error))
        {
        }
    }

    async ValueTask<bool> ShowAsync(IReadOnlyList<Frame> frames)
    {
        foreach (var frame in frames)
            if (!await SendAsync(frame))
                return false;
        subscription.OnWritten(frames);
        return true;
    }

    // A long frame goes in pieces: its client has the time for each, however slow its line is. A close does not wait
    // for the rest: it may stand between two of them.
    async ValueTask<bool> SendAsync(Frame frame)
    {
        var left = frame.Json;
        for (; left.Length > PieceBytes; left = left[PieceBytes..])
            if (!await SendAsync(left[..PieceBytes], isLast: false) || subscription.Closed is not null)
                return false;
        return await SendAsync(left, isLast: true);
    }

    // False where the client takes nothing any more. A send is never cancelled: that would leave half a piece behind,
    // and no close code could follow.
    async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> piece, bool isLast)
    {
        var ct = _over.Token;
        var send = socket.SendAsync(piece, WebSocketMessageType.Text, endOfMessage: isLast, ct);
        if (send.IsCompletedSuccessfully)
            return true;
        var sending = send.AsTask();
        try
        {
            await sending.WaitAsync(TimeSpan.FromSeconds(options.SlowConsumerSeconds), clock.Provider, ct);
            return true;
        }
        catch (TimeoutException)
        {
            subscription.Close(CloseReason.SlowConsumer);
            try
            {
                await sending.WaitAsync(AbortAfter, clock.Provider, ct);
            }
            catch (TimeoutException)
            {
                socket.Abort();
            }
            return false;
        }
    }

    // Until the client closes or breaks off; then it ends the writing too.
    async Task ReadAsync()
    {
        var ct = _over.Token;
        try
        {
            // Zero bytes: it completes when there is something to read, and no buffer waits for it.
            while (await socket.ReceiveAsync(Memory<byte>.Empty, ct) is { MessageType: not WebSocketMessageType.Close }
                first)
            {
                if (subscription.Closed is not null)
                    // It reads on until the client has closed too: unread data would end the connection in a reset,
                    // and the close code would be lost.
                    await DiscardAsync(ct);
                else if (first.EndOfMessage) // An empty message is complete.
                {
                    meter.OnMessage(0, isEnd: true);
                    await HandleAsync(default, first.MessageType, ct);
                    continue;
                }
                else if (await ReadMessageAsync(ct))
                    continue;
                break;
            }
            if (subscription.Closed is null && socket.State == WebSocketState.CloseReceived)
                await SocketEndpoint.CloseAsync(socket, WebSocketCloseStatus.NormalClosure, "");
        }
        catch (Exception error) when (IsBroken(error))
        {
        }
        finally
        {
            subscription.Complete();
            subscription.Wake();
            // A frame that is being sent has nobody left to go to, but where both ends close: then a code follows it.
            if (subscription.Closed is null || socket.State != WebSocketState.CloseReceived)
                await _over.CancelAsync();
        }
    }

    // False where no further message follows. A client that stops in the middle of a message holds its buffer, so the
    // rest has a time limit. The read itself is not cancelled: that would abort the socket before its close code.
    async Task<bool> ReadMessageAsync(CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(options.MaxFrameBytes);
        ITimer? limit = null;
        try
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == options.MaxFrameBytes)
                {
                    await SocketEndpoint.CloseAsync(socket, WebSocketCloseStatus.MessageTooBig, "frame too big");
                    return false;
                }
                var receive = socket.ReceiveAsync(buffer.AsMemory(length, options.MaxFrameBytes - length), ct);
                if (!receive.IsCompleted)
                    limit ??= LimitMessage();
                part = await receive;
                if (part.MessageType == WebSocketMessageType.Close)
                    return false;
                length += part.Count;
                meter.OnMessage(part.Count, part.EndOfMessage);
            }
            while (!part.EndOfMessage);
            if (subscription.Closed is null)
                await HandleAsync(buffer.AsMemory(0, length), part.MessageType, ct);
            return true;
        }
        finally
        {
            limit?.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    ITimer LimitMessage() => clock.Provider.CreateTimer(
        _ => subscription.Close(CloseReason.SlowConsumer), null,
        TimeSpan.FromSeconds(options.MessageSeconds), Timeout.InfiniteTimeSpan);

    async Task DiscardAsync(CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(4_096);
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), ct)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    async Task HandleAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken ct)
    {
        if (!_allowance.TryTake())
        {
            subscription.Close(CloseReason.RateLimited);
            return;
        }
        var error = type == WebSocketMessageType.Text
            ? await commands.DoAsync(bytes, subscription, ct)
            : Frame.Error("invalid_frame", "Frames are JSON text");
        if (error is null)
            return;
        subscription.Show(error);
        _errors ??= new();
        _errors.Enqueue(clock.Ticks);
        while (clock.Since(_errors.Peek()) > ErrorsWithin)
            _errors.Dequeue();
        if (_errors.Count >= MostErrors)
            subscription.Close(CloseReason.TooManyErrors);
    }

    async Task CloseAsync(CloseReason reason, Task reading)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), clock.Provider);
        try
        {
            await socket.CloseOutputAsync((WebSocketCloseStatus)(int)reason, WhyOf(reason), patience.Token);
            await reading.WaitAsync(patience.Token); // For the client's own close.
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort();
        }
    }

    static string WhyOf(CloseReason reason) => reason switch
    {
        CloseReason.ShuttingDown => "shutting down",
        CloseReason.SlowConsumer => "slow consumer",
        CloseReason.TokenExpired => "token expired",
        CloseReason.RateLimited => "rate limited",
        CloseReason.BadRequest => "bad request",
        CloseReason.SessionRevoked => "session revoked",
        CloseReason.TooManyConnections => "too many connections",
        _ => "too many errors",
    };

    // A connection may break at any moment in any of these ways; there is no client left to tell.
    static bool IsBroken(Exception error) => error is WebSocketException or OperationCanceledException or IOException
        or JsonException or ProblemException or ObjectDisposedException;
}
