using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cote.Load.Wire;

/// <summary>What is done with the text of a frame.</summary>
delegate void TakeText(ReadOnlySpan<byte> text);

/// <summary>
/// A WebSocket that is only read, but for answers to pings: thousands of them, and hundreds of thousands of frames a
/// second, on the cores that the server needs too.
/// </summary>
sealed class SocketConnection(IPEndPoint to, int buffer = 16 * 1024) : IDisposable
{
    Socket? _socket;
    readonly ArrayBufferWriter<byte> _begun = new();
    byte[] _in = new byte[buffer];
    int _at;
    int _end;
    bool _disposed;

    /// <summary>
    /// With which code the server closed; 1006 where the connection just broke; null while it is open.
    /// </summary>
    public int? Closed { get; private set; }

    /// <summary>Frames of text that came so far.</summary>
    public long Frames { get; private set; }

    public async Task ConnectAsync(string path, string? token)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket = socket;
        await socket.ConnectAsync(to);
        var bearer = token is null ? "" : $"Authorization: Bearer {token}\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: "
                + "websocket\r\nSec-WebSocket-Version: 13\r\n"
            + $"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{bearer}\r\n"));
        int length;
        while ((length = _in.AsSpan(_at, _end - _at).IndexOf("\r\n\r\n"u8)) < 0)
            if (!await FillAsync())
                throw new IOException("closed during the handshake");
        if (!_in.AsSpan(_at, _end - _at).StartsWith("HTTP/1.1 101"u8))
            throw new IOException("no 101: " + Encoding.ASCII.GetString(_in, _at, Math.Min(length, 60)));
        _at += length + 4;
    }

    /// <summary>
    /// Takes what is there, or waits for more and takes that: whole frames, each given to <paramref name="take"/>.
    /// False when it is over.
    /// </summary>
    public async ValueTask<bool> ReadAsync(TakeText take)
    {
        while (Closed is null)
        {
            if (TakeFrames(take) > 0)
                return true;
            if (Closed is not null || !await FillAsync())
                break;
        }
        Closed ??= 1006;
        return false;
    }

    /// <summary>Reads until it is over.</summary>
    public async Task RunAsync(TakeText take)
    {
        try
        {
            while (await ReadAsync(take))
            {
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or IOException)
        {
            Closed ??= 1006;
        }
    }

    /// <summary>Sends a short text.</summary>
    public Task SendTextAsync(ReadOnlySpan<byte> text) => _socket!.SendAsync(Masked(0x81, text));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true) || _socket is not { } socket)
            return;
        // Reset, not closed: thousands of connections in TIME_WAIT would use up the ports of the next round.
        socket.LingerState = new(true, 0);
        socket.Dispose();
    }

    int TakeFrames(TakeText take)
    {
        var taken = 0;
        while (true)
        {
            var have = _in.AsSpan(_at, _end - _at);
            if (have.Length < 2)
                return taken;
            long length = have[1] & 0x7f;
            var head = 2;
            if (length == 126)
            {
                if (have.Length < 4)
                    return taken;
                (length, head) = (BinaryPrimitives.ReadUInt16BigEndian(have[2..]), 4);
            }
            else if (length == 127)
            {
                if (have.Length < 10)
                    return taken;
                (length, head) = (BinaryPrimitives.ReadInt64BigEndian(have[2..]), 10);
            }
            if (have.Length < head + length)
            {
                if (head + length > _in.Length)
                    Array.Resize(ref _in, (int)(head + length) * 2);
                return taken;
            }
            var payload = have.Slice(head, (int)length);
            var isLast = have[0] >= 0x80;
            _at += head + (int)length;
            switch (have[0] & 0x0f)
            {
                case 0 or 1 when !isLast:
                    _begun.Write(payload);
                    break;
                case 0:
                    _begun.Write(payload);
                    Frames++;
                    taken++;
                    take(_begun.WrittenSpan);
                    _begun.ResetWrittenCount();
                    break;
                case 1:
                    Frames++;
                    taken++;
                    take(payload);
                    break;
                case 8:
                    Closed = length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 1005;
                    return taken;
                case 9:
                    _ = _socket!.SendAsync(Masked(0x8a, payload));
                    break;
            }
        }
    }

    static byte[] Masked(byte first, ReadOnlySpan<byte> text)
    {
        if (text.Length > 125)
            throw new ArgumentException("only short frames are sent");
        var frame = new byte[6 + text.Length]; // the mask is four zeros: it changes nothing
        (frame[0], frame[1]) = (first, (byte)(0x80 | text.Length));
        text.CopyTo(frame.AsSpan(6));
        return frame;
    }

    async ValueTask<bool> FillAsync()
    {
        if (_at > 0)
        {
            _in.AsSpan(_at, _end - _at).CopyTo(_in);
            (_at, _end) = (0, _end - _at);
        }
        if (_end == _in.Length)
            Array.Resize(ref _in, _in.Length * 2);
        var read = await _socket!.ReceiveAsync(_in.AsMemory(_end));
        _end += read;
        return read > 0;
    }
}
