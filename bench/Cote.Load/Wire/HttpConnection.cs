using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cote.Load.Wire;

/// <summary>
/// One kept-alive HTTP/1.1 connection that allocates nothing per request: the generator shares two cores with what it
/// measures, and HttpClient would cost more than some of the servers do. It reads Content-Length and chunked bodies.
/// </summary>
sealed class HttpConnection(IPEndPoint to) : IDisposable
{
    Socket? _socket;
    byte[] _in = new byte[16 * 1024];
    byte[] _body = new byte[16 * 1024];
    int _at;
    int _end;
    long _rest;
    bool _chunked;
    bool _betweenChunks;
    bool _over = true;
    bool _closes;
    bool _disposed;

    public int Status { get; private set; }

    /// <summary>Sends a whole request, as <see cref="Request"/> writes it.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> request)
    {
        if (!_over || _closes)
            Reset(); // what is left of the answer before would be read as the next one
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_socket is null)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            _socket = socket;
            await socket.ConnectAsync(to);
        }
        while (request.Length > 0)
            request = request[await _socket.SendAsync(request)..];
    }

    /// <summary>Sends and reads the whole answer; the body is good until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ExchangeAsync(ReadOnlyMemory<byte> request)
    {
        await SendAsync(request);
        await ReadHeadAsync();
        return await ReadBodyAsync();
    }

    public async ValueTask<int> ReadHeadAsync()
    {
        int length;
        while ((length = _in.AsSpan(_at, _end - _at).IndexOf("\r\n\r\n"u8)) < 0)
            await FillAsync();
        Read(_in.AsSpan(_at, length + 2));
        _at += length + 4;
        return Status;
    }

    /// <summary>The next piece of the body as it came, empty at its end; good until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadPieceAsync()
    {
        if (_over)
            return default;
        if (_rest == 0 && _chunked && !await NextChunkAsync())
            return default;
        if (_rest == 0)
        {
            _over = true;
            return default;
        }
        if (_at == _end)
            await FillAsync();
        var taken = (int)Math.Min(_rest, _end - _at);
        var piece = _in.AsMemory(_at, taken);
        _at += taken;
        _rest -= taken;
        if (_rest == 0 && !_chunked)
            _over = true;
        return piece;
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync()
    {
        var first = await ReadPieceAsync();
        if (_over)
            return first;
        var length = 0;
        for (var piece = first; piece.Length > 0; piece = await ReadPieceAsync())
        {
            if (length + piece.Length > _body.Length)
                Array.Resize(ref _body, Math.Max(_body.Length * 2, length + piece.Length));
            piece.CopyTo(_body.AsMemory(length));
            length += piece.Length;
        }
        return _body.AsMemory(0, length);
    }

    public void Dispose()
    {
        _disposed = true;
        Reset();
    }

    /// <summary>Gives the connection up; the next request opens another.</summary>
    public void Reset()
    {
        // Reset, not closed: thousands of connections in TIME_WAIT would use up the ports of the next round.
        if (_socket is { } socket)
        {
            socket.LingerState = new(true, 0);
            socket.Dispose();
        }
        _socket = null;
        (_at, _end, _rest, _over, _closes) = (0, 0, 0, true, false);
    }

    async ValueTask<bool> NextChunkAsync()
    {
        int length;
        if (_betweenChunks)
        {
            while (_end - _at < 2)
                await FillAsync();
            _at += 2;
        }
        while ((length = _in.AsSpan(_at, _end - _at).IndexOf("\r\n"u8)) < 0)
            await FillAsync();
        _rest = Convert.ToInt64(Encoding.ASCII.GetString(_in, _at, length), 16);
        _at += length + 2;
        _betweenChunks = true;
        if (_rest > 0)
            return true;
        while (_end - _at < 2)
            await FillAsync();
        _at += 2;
        _over = true;
        return false;
    }

    void Read(ReadOnlySpan<byte> head)
    {
        Status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + head[11] - '0';
        (_rest, _chunked, _betweenChunks, _over, _closes) = (0, false, false, false, false);
        while (true)
        {
            head = head[(head.IndexOf("\r\n"u8) + 2)..];
            if (head.IsEmpty)
                break;
            switch (head[0] | 0x20)
            {
                case 'c' when ValueOf(head, "content-length:"u8) is { IsEmpty: false } length:
                    _rest = long.Parse(length);
                    break;
                case 't' when ValueOf(head, "transfer-encoding:"u8) is { IsEmpty: false }:
                    _chunked = true;
                    break;
                case 'c' when ValueOf(head, "connection:"u8) is { IsEmpty: false } connection:
                    _closes = Ascii.EqualsIgnoreCase(connection, "close"u8);
                    break;
            }
        }
        if (!_chunked && _rest == 0)
            _over = true;
    }

    static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name)
            ? line[name.Length..line.IndexOf((byte)'\r')].Trim((byte)' ') : default;

    async ValueTask FillAsync()
    {
        if (_at == _end)
        {
            (_at, _end) = (0, 0);
        }
        else if (_end == _in.Length)
        {
            if (_at == 0)
                Array.Resize(ref _in, _in.Length * 2);
            else
                _in.AsSpan(_at, _end - _at).CopyTo(_in);
            (_at, _end) = (0, _end - _at);
        }
        var socket = _socket ?? throw new IOException("closed by us");
        var read = await socket.ReceiveAsync(_in.AsMemory(_end));
        if (read == 0)
            throw new IOException("closed by the server");
        _end += read;
    }
}
