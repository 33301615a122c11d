using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cote.Testing;

/// <summary>
/// A line between a program and a server on this machine, which can be cut at the worst moment: when the server has
/// done what it was asked for, and before the program hears of it.
/// </summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _over = new();
    readonly int _to;
    readonly Task _accepting;
    byte[]? _mark;
    CancellationTokenSource _lines = new();
    int _cuts;

    public CuttingProxy(int to)
    {
        _to = to;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How often it was cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>
    /// The next time that the program says this, the server hears it and its answer is lost with the line.
    /// </summary>
    public void CutAnswerTo(string words) => Volatile.Write(ref _mark, Encoding.UTF8.GetBytes(words));

    /// <summary>Cuts all lines that are open; new ones can be opened at once.</summary>
    public void CutAll()
    {
        Interlocked.Increment(ref _cuts);
        Interlocked.Exchange(ref _lines, new()).Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _accepting;
        _over.Dispose();
    }

    async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            while (true)
                lines.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_over.Token)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(lines);
        }
    }

    async Task CarryAsync(TcpClient program)
    {
        using var server = new TcpClient();
        using (program)
        using (var broken = CancellationTokenSource.CreateLinkedTokenSource(
            _over.Token, Volatile.Read(ref _lines).Token))
        {
            var cut = new StrongBox();
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _to, broken.Token);
                await Task.WhenAny(
                    CopyAsync(program.GetStream(), server.GetStream(), cut, fromProgram: true, broken.Token),
                    CopyAsync(server.GetStream(), program.GetStream(), cut, fromProgram: false, broken.Token));
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                // one side has gone, and so does the other
            }
            await broken.CancelAsync();
        }
    }

    sealed class StrongBox
    {
        public volatile bool IsDue;
    }

    async Task CopyAsync(NetworkStream from, NetworkStream to, StrongBox cut, bool fromProgram, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, ct) is > 0 and var read)
            {
                if (fromProgram && Volatile.Read(ref _mark) is { } mark && buffer.AsSpan(0, read).IndexOf(mark) >= 0
                    && Interlocked.CompareExchange(ref _mark, null, mark) == mark)
                    cut.IsDue = true;
                else if (!fromProgram && cut.IsDue)
                {
                    Interlocked.Increment(ref _cuts);
                    return;
                }
                await to.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        catch (Exception error) when (
            error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // the same
        }
    }
}
