using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Http;

/// <summary>
/// Counts the bytes of a socket that are no part of a message: pings, pongs, and the heads of frames. The framework's
/// WebSocket answers or drops such frames by itself, however many come, and tells of none. It can also ask the client
/// for a pong, which the framework does by its own clock alone.
/// </summary>
sealed class SocketMeter
{
    const int BytesPerSecond = 16_384; // two thousand pings
    const int HeadBytes = 14; // the longest head of a frame

    // A ping without a payload: the framework's own have one, and it passes over the answers to others.
    static readonly byte[] PingFrame = [0x89, 0];

    TokenBucket _bytes;
    Action? _onExceeded;
    long _reads;
    Stream? _stream;
    int _isWriting;
    Task _ping = Task.CompletedTask;

    /// <summary>How often something has come from the client: a frame, a pong.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>The connection as the WebSocket is to see it.</summary>
    public Stream Wrap(Stream connection)
    {
        _stream = connection;
        return new MeteredStream(connection, this);
    }

    /// <summary>Begins to count.</summary>
    /// <param name="mostOfMessage">So much of a message may be read before it is known to be one.</param>
    /// <param name="clock">Measures the time.</param>
    /// <param name="onExceeded">Called, perhaps many times, when the socket reads more than it may.</param>
    public void Start(int mostOfMessage, Clock clock, Action onExceeded)
    {
        _bytes = new(mostOfMessage + 4 * BytesPerSecond, BytesPerSecond, clock);
        _onExceeded = onExceeded;
    }

    /// <summary>So much was read from the connection.</summary>
    public void OnRead(int bytes)
    {
        if (bytes == 0)
            return;
        Interlocked.Increment(ref _reads);
        if (_onExceeded is not null && !_bytes.TryTake(bytes))
            _onExceeded();
    }

    /// <summary>
    /// Writes a ping between two frames, and does not wait for it. Where a frame is being written, or a ping, it does
    /// nothing: the caller asks again.
    /// </summary>
    public void Ping()
    {
        if (_stream is { } stream && Interlocked.CompareExchange(ref _isWriting, 1, 0) == 0)
            _ping = PingAsync(stream);
    }

    // Each write of the WebSocket is one whole frame, so before and after it a ping may stand.
    ValueTask WriteAsync(Stream stream, ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        if (Interlocked.CompareExchange(ref _isWriting, 1, 0) != 0)
            return WriteAfterPingAsync(stream, frame, ct);
        var write = stream.WriteAsync(frame, ct);
        if (!write.IsCompletedSuccessfully)
            return FinishAsync(write);
        Volatile.Write(ref _isWriting, 0);
        return default;
    }

    async ValueTask FinishAsync(ValueTask write)
    {
        try
        {
            await write;
        }
        finally
        {
            Volatile.Write(ref _isWriting, 0);
        }
    }

    async ValueTask WriteAfterPingAsync(Stream stream, ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        while (Interlocked.CompareExchange(ref _isWriting, 1, 0) != 0)
        {
            await _ping.WaitAsync(ct);
            await Task.Yield(); // It has begun, and is not yet known.
        }
        await FinishAsync(stream.WriteAsync(frame, ct));
    }

    async Task PingAsync(Stream stream)
    {
        try
        {
            await stream.WriteAsync(PingFrame);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException)
        {
            // The connection is gone, and whoever reads from it hears so.
        }
        finally
        {
            Volatile.Write(ref _isWriting, 0);
        }
    }

    /// <summary>So much of what was read is a message's, which is counted elsewhere.</summary>
    public void OnMessage(int bytes, bool isEnd) => _bytes.Return(bytes + (isEnd ? HeadBytes : 0));

    // A WebSocket reads and writes with memory only.
    sealed class MeteredStream(Stream inner, SocketMeter meter) : AsyncStream
    {
        public override bool CanWrite => true;

        // Of no bytes, as an idle socket waits, there is nothing to count, and so nothing to come back for.
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.IsEmpty ? inner.ReadAsync(buffer, cancellationToken) : CountAsync(buffer, cancellationToken);

        async ValueTask<int> CountAsync(Memory<byte> buffer, CancellationToken ct)
        {
            var read = await inner.ReadAsync(buffer, ct);
            meter.OnRead(read);
            return read;
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            meter.WriteAsync(inner, buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>
/// The WebSockets of the framework, each with a <see cref="SocketMeter"/> under it as a feature of its request. All
/// other requests pass by: the framework would add a feature to each of them.
/// </summary>
static class MeteredSockets
{
    public static void UseMeteredSockets(this IApplicationBuilder app) => app.UseWhen(IsSocket, sockets =>
    {
        sockets.Use((http, next) =>
        {
            var meter = new SocketMeter();
            http.Features.Set(meter);
            if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
                http.Features.Set<IHttpExtendedConnectFeature>(new Connect(connect, meter));
            else if (http.Features.Get<IHttpUpgradeFeature>() is { } upgrade)
                http.Features.Set<IHttpUpgradeFeature>(new Upgrade(upgrade, meter));
            return next(http);
        });
        sockets.UseWebSockets();
    });

    static bool IsSocket(HttpContext http) =>
        http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        || http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    sealed class Upgrade(IHttpUpgradeFeature inner, SocketMeter meter) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => meter.Wrap(await inner.UpgradeAsync());
    }

    sealed class Connect(IHttpExtendedConnectFeature inner, SocketMeter meter) : IHttpExtendedConnectFeature
    {
        public bool IsExtendedConnect => inner.IsExtendedConnect;

        public string? Protocol => inner.Protocol;

        public async ValueTask<Stream> AcceptAsync() => meter.Wrap(await inner.AcceptAsync());
    }
}
