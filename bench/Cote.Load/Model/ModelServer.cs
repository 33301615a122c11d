using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cote.Load.Wire;

namespace Cote.Load.Model;

/// <summary>
/// An OpenAI-compatible model at its own pace. The last question says which: <c>#bench first=300 tokens=250 rate=50</c>
/// is a first token after 300 ms, then 50 a second up to 250; rate 0 is all at once, tokens 0 is never; <c>stamp=1</c>
/// answers with the moment at which it was asked; <c>tools=3</c> asks for a tool that often, each time after a thought,
/// and speaks when it has as many results. Plain sockets and one pacing thread, so that a thousand streams cost
/// it a fraction of a core.
/// </summary>
sealed class ModelServer : IDisposable
{
    /// <summary>The tool that it asks for: of <c>yardstick tools</c>, where that is the MCP server "bench".</summary>
    const string Tool = "bench__say";

    const int Thought = 20;

    const string Open =
        "data: {\"id\":\"b\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":";

    readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    readonly Pacer _pacer = new();
    readonly (int First, int Tokens, int Rate) _pace;
    long _calls;
    long _cut;

    public ModelServer(int port, (int First, int Tokens, int Rate) pace)
    {
        _pace = pace;
        _listening.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listening.Listen(2_000);
    }

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    /// <summary>How often it was asked, and how many of those calls the client cut off.</summary>
    public (long Calls, long Cut) Count => (Interlocked.Read(ref _calls), Interlocked.Read(ref _cut));

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                var client = await _listening.AcceptAsync(ct);
                client.NoDelay = true;
                _ = ServeAsync(client, ct);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // told to go
        }
    }

    public void Dispose()
    {
        _listening.Dispose();
        _pacer.Dispose();
    }

    async Task ServeAsync(Socket client, CancellationToken ct)
    {
        var buffer = new byte[16 * 1024];
        var end = 0;
        try
        {
            while (true)
            {
                int head;
                while ((head = buffer.AsSpan(0, end).IndexOf("\r\n\r\n"u8)) < 0)
                    end += await MoreAsync();
                head += 4;
                var length = LengthOf(buffer.AsSpan(0, head));
                while (end < head + length)
                    end += await MoreAsync();
                var asked = Stopwatch.GetTimestamp();
                if (buffer.AsSpan().StartsWith("GET"u8))
                {
                    var (calls, cut) = Count;
                    var body = $"{{\"calls\":{calls},\"cut\":{cut}}}";
                    await client.SendAsync(
                        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"), ct);
                }
                else
                {
                    Interlocked.Increment(ref _calls);
                    await AnswerAsync(client, buffer.AsSpan(head, length), asked, ct);
                }
                buffer.AsSpan(head + length, end - head - length).CopyTo(buffer);
                end -= head + length;
            }
        }
        catch (Exception error) when (
            error is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // it is gone
        }
        finally
        {
            client.Dispose();
        }

        async ValueTask<int> MoreAsync()
        {
            if (end == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            var read = await client.ReceiveAsync(buffer.AsMemory(end), ct);
            return read > 0 ? read : throw new IOException("closed");
        }
    }

    Task AnswerAsync(Socket client, ReadOnlySpan<byte> body, long asked, CancellationToken ct)
    {
        var (first, tokens, rate) = _pace;
        if (body.LastIndexOf("#bench "u8) is >= 0 and var at)
        {
            var order = body[at..];
            order = order[..(order.IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var quote ? quote : order.Length)];
            if (Number(order, "stamp="u8) == 1)
                return client.SendAsync(Whole(asked.ToString(CultureInfo.InvariantCulture)), SocketFlags.None);
            if (Number(order, "tools="u8) is > 0 and var tools && Results(body[at..]) is var results && results < tools)
                return client.SendAsync(Calling(results), SocketFlags.None);
            (first, tokens, rate) = (Number(order, "first="u8), Number(order, "tokens="u8), Number(order, "rate="u8));
        }
        if (tokens <= 0)
            return Task.Delay(Timeout.Infinite, ct);
        if (rate <= 0 && first <= 0)
            return client.SendAsync(Instant(tokens), SocketFlags.None);
        var stream = new PacedStream(this, client, asked + Stopwatch.Frequency / 1_000 * first, tokens, rate);
        return stream.Done;
    }

    static int Number(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name) =>
        text.IndexOf(name) is >= 0 and var at
            && System.Buffers.Text.Utf8Parser.TryParse(text[(at + name.Length)..], out int number, out _) ? number : 0;

    // How many results of tools follow the question.
    static int Results(ReadOnlySpan<byte> body) => body.Count("\"role\":\"tool\""u8);

    static int LengthOf(ReadOnlySpan<byte> head)
    {
        foreach (var range in head.Split("\r\n"u8))
        {
            var line = head[range];
            if (line.Length > 15 && Ascii.EqualsIgnoreCase(line[..15], "content-length:"u8))
                return int.Parse(line[15..].Trim((byte)' '), CultureInfo.InvariantCulture);
        }
        return head.StartsWith("GET"u8) ? 0 : throw new IOException("a request without Content-Length");
    }

    static readonly byte[] Head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray();
    static readonly byte[] Role = Chunk(
        Open + "{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n");
    static readonly System.Collections.Concurrent.ConcurrentDictionary<int, byte[]> Instants = [], Calls = [];

    static byte[] Said(string text) => Chunk(Open + $"{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n");

    static byte[] End(int tokens, string reason = "stop") =>
    [
        .. Chunk(Open + $"{{}},\"finish_reason\":\"{reason}\"}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":"
            + tokens.ToString(CultureInfo.InvariantCulture) + ",\"total_tokens\":9}}\n\n"),
        .. Chunk("data: [DONE]\n\n"), .. "0\r\n\r\n"u8,
    ];

    static byte[] Whole(string text) => [.. Head, .. Role, .. Said(text), .. End(1)];

    static byte[] Instant(int tokens) => Instants.GetOrAdd(tokens, static count =>
        [.. Head, .. Role, .. Enumerable.Range(0, count)
            .SelectMany(x => Said(Encoding.ASCII.GetString(ReplyText.Token(x)))), .. End(count)]);

    // A thought, and a call.
    static byte[] Calling(int number) => Calls.GetOrAdd(number, static x =>
    [
        .. Head, .. Role, .. Enumerable.Range(0, Thought).SelectMany(token => Chunk(
            Open + $"{{\"reasoning_content\":\"{Encoding.ASCII.GetString(ReplyText.Token(token))}\"}},"
            + "\"finish_reason\":null}]}\n\n")),
        .. Chunk(
            Open + $"{{\"tool_calls\":[{{\"index\":0,\"id\":\"call_{x}\",\"type\":\"function\","
            + $"\"function\":{{\"name\":\"{Tool}\",\"arguments\":\"{{}}\"}}}}]}},\"finish_reason\":null}}]}}\n\n"),
        .. End(Thought, "tool_calls"),
    ]);

    static byte[] Chunk(string text) => Encoding.ASCII.GetBytes($"{text.Length:x}\r\n{text}\r\n");

    sealed class PacedStream
    {
        readonly ModelServer _server;
        readonly Socket _client;
        readonly long _first;
        readonly int _tokens;
        readonly int _rate;
        readonly byte[] _said = Said("000000");
        readonly int _place;
        readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly Action _next;
        int _number;

        public PacedStream(ModelServer server, Socket client, long first, int tokens, int rate)
        {
            (_server, _client, _first, _tokens, _rate) = (server, client, first, tokens, rate);
            _place = _said.AsSpan().IndexOf("000000"u8);
            _next = Next;
            server._pacer.At(first, _next);
        }

        public Task Done => _done.Task;

        void Next()
        {
            try
            {
                if (_number == 0)
                    Send([.. Head, .. Role]);
                do
                {
                    ReplyText.Token(_number).CopyTo(_said.AsSpan(_place));
                    Send(_said);
                    _number++;
                }
                while (_rate <= 0 && _number < _tokens);
                if (_number < _tokens)
                {
                    _server._pacer.At(_first + Stopwatch.Frequency * _number / _rate, _next);
                    return;
                }
                Send(End(_tokens));
                _done.SetResult();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                Interlocked.Increment(ref _server._cut);
                _done.SetException(error is SocketException ? error : new IOException("closed"));
            }
        }

        void Send(ReadOnlySpan<byte> bytes)
        {
            while (bytes.Length > 0)
                bytes = bytes[_client.Send(bytes)..];
        }
    }
}
