using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Http;

/// <summary>
/// Counts the bytes of a socket that are no part of a message: pings, pongs, and the heads of frames. The framework's
/// WebSocket answers or drops such frames by itself, however many come, and tells of none.
/// </summary>
sealed class SocketMeter
{
    const int BytesPerSecond = 16_384; // two thousand pings
    const int HeadBytes = 14; // the longest head of a frame

    TokenBucket _bytes;
    Action? _onExceeded;

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
        if (bytes > 0 && _onExceeded is not null && !_bytes.TryTake(bytes))
            _onExceeded();
    }

    /// <summary>So much of what was read is a message's, which is counted elsewhere.</summary>
    public void OnMessage(int bytes, bool isEnd) => _bytes.Return(bytes + (isEnd ? HeadBytes : 0));
}

/// <summary>Puts a <see cref="SocketMeter"/> under each socket, as a feature of its request.</summary>
static class MeteredSockets
{
    /// <summary>Comes before the WebSockets of the framework.</summary>
    public static void UseMeteredSockets(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var upgrade = http.Features.Get<IHttpUpgradeFeature>();
        var connect = http.Features.Get<IHttpExtendedConnectFeature>();
        if (upgrade is not { IsUpgradableRequest: true } && connect is not { IsExtendedConnect: true })
            return next(http);
        var meter = new SocketMeter();
        http.Features.Set(meter);
        if (upgrade is not null)
            http.Features.Set<IHttpUpgradeFeature>(new Upgrade(upgrade, meter));
        if (connect is not null)
            http.Features.Set<IHttpExtendedConnectFeature>(new Connect(connect, meter));
        return next(http);
    });

    sealed class Upgrade(IHttpUpgradeFeature inner, SocketMeter meter) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => new MeteredStream(await inner.UpgradeAsync(), meter);
    }

    sealed class Connect(IHttpExtendedConnectFeature inner, SocketMeter meter) : IHttpExtendedConnectFeature
    {
        public bool IsExtendedConnect => inner.IsExtendedConnect;

        public string? Protocol => inner.Protocol;

        public async ValueTask<Stream> AcceptAsync() => new MeteredStream(await inner.AcceptAsync(), meter);
    }

    // A WebSocket reads and writes with memory only.
    sealed class MeteredStream(Stream inner, SocketMeter meter) : AsyncStream
    {
        public override bool CanWrite => true;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            meter.OnRead(read);
            return read;
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
