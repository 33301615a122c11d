using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Channels;
using Cote.Primitives;

namespace Cote.Tools;

/// <summary>
/// The process of an MCP server that speaks over its standard input and output. It sees what its configuration names
/// and nothing of ours, and it is ended, with all it has started, where it sends more than is read.
/// </summary>
sealed class McpProcess : IDisposable
{
    // A server's own requests are answered: one that asks on and does not read would fill the memory with answers.
    const int MostUnread = 16 * 1024 * 1024;
    static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TMPDIR"];
    static readonly StreamLimits Limits = new(4 * McpLimits.AnswerBytes, McpLimits.AnswerBytes, 5_000);

    // What a server says of itself over hours is no flood.
    static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    readonly Process _process;
    readonly BoundedStream _output;
    readonly Timer _window;
    volatile bool _isOver;
    int _isEnded;

    McpProcess(Process process)
    {
        _process = process;
        _output = new BoundedStream(process.StandardOutput.BaseStream, Limits, isTooLong =>
        {
            IsTooLong |= isTooLong;
            End();
        });
        Input = new Writer(this, process.StandardInput.BaseStream);
        _window = new Timer(_ => Begin(), null, Window, Window);
        _ = DrainAsync(process.StandardError.BaseStream);
        _ = WatchAsync();
    }

    /// <summary>What the server reads.</summary>
    public Stream Input { get; }

    /// <summary>What the server writes.</summary>
    public Stream Output => _output;

    /// <summary>Whether it was ended because it sent more than is read.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Whether it has ended.</summary>
    public bool IsOver => _isOver;

    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static McpProcess Start(McpServerOptions options)
    {
        var start = new ProcessStartInfo(options.Command!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in options.Args)
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var name in Inherited)
            if (Environment.GetEnvironmentVariable(name) is { } value)
                start.Environment[name] = value;
        foreach (var (name, value) in options.Env)
            start.Environment[name] = value.Reveal();
        return new McpProcess(Process.Start(start)!);
    }

    /// <summary>A request begins or ends: what was read before it does not count any more.</summary>
    public void Begin() => _output.Begin();

    public void Dispose()
    {
        End();
        _window.Dispose();
        _process.Dispose();
    }

    void End()
    {
        _isOver = true;
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
            return;
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (
            error is InvalidOperationException or Win32Exception or NotSupportedException or AggregateException)
        {
            // It has ended already, or one of its children has.
        }
        // Whoever reads or writes ends here, also where a grandchild holds the other end open.
        Input.Dispose();
        _output.Dispose();
    }

    // What is said on standard error is nobody's: it is read so that the server can go on, and thrown away.
    static async Task DrainAsync(Stream errors)
    {
        try
        {
            await errors.CopyToAsync(Stream.Null);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The process was ended.
        }
    }

    async Task WatchAsync()
    {
        try
        {
            await _process.WaitForExitAsync();
            // What it said last is still being read.
            await Task.Delay(McpLimits.ToEnd);
            End();
        }
        catch (InvalidOperationException)
        {
            // It was disposed.
        }
    }

    /// <summary>
    /// What goes to the server, in order, by a task of its own: a server that does not read holds up no caller, and a
    /// caller that leaves cuts no line in two.
    /// </summary>
    sealed class Writer : AsyncStream
    {
        readonly McpProcess _process;
        readonly Stream _inner;
        readonly Channel<byte[]> _lines = Channel.CreateUnbounded<byte[]>(new() { SingleReader = true });
        long _unread;

        public Writer(McpProcess process, Stream inner)
        {
            (_process, _inner) = (process, inner);
            _ = PumpAsync();
        }

        public override bool CanRead => false;

        public override bool CanWrite => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Add(ref _unread, buffer.Length) > MostUnread)
                _process.End();
            if (_process.IsOver || !_lines.Writer.TryWrite(buffer.ToArray()))
                throw new IOException("The process has ended.");
            McpCall.Current?.IsSent = true;
            return ValueTask.CompletedTask;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _lines.Writer.TryComplete();
                _inner.Dispose();
            }
            base.Dispose(disposing);
        }

        async Task PumpAsync()
        {
            try
            {
                await foreach (var line in _lines.Reader.ReadAllAsync())
                {
                    await _inner.WriteAsync(line);
                    await _inner.FlushAsync();
                    Interlocked.Add(ref _unread, -line.Length);
                }
            }
            catch (Exception error) when (
                error is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // It does not read any more; that it has ended is seen where it is read.
                _lines.Writer.TryComplete();
            }
        }
    }
}
