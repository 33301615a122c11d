using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Cote.Load.Runs;

/// <summary>
/// A process of this run: it listens on a port of its own and does not outlive the run, however that ends.
/// </summary>
sealed partial class Child : IDisposable
{
    const int SigTerm = 15;
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    static readonly ConcurrentDictionary<Child, bool> Running = [];

    readonly Process _process;
    readonly ConcurrentQueue<string> _output = [];

    static Child() => AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();

    Child(ProcessStartInfo start, int port)
    {
        Port = port;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        Running[this] = true;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Port { get; }

    public int Pid => _process.Id;

    public Uri Url => new($"http://127.0.0.1:{Port}");

    public IPEndPoint Address => new(IPAddress.Loopback, Port);

    /// <summary>What it wrote last.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Resident memory in bytes.</summary>
    public long Resident =>
        File.ReadLines($"/proc/{Pid}/status").Where(x => x.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(x => long.Parse(x.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024).Single();

    /// <summary>Processor time that it took so far, in seconds.</summary>
    public double Cpu => ProcessTimes.Of(Pid);

    /// <summary>Starts one and waits until it answers <paramref name="ready"/> with 200.</summary>
    public static async Task<Child> StartAsync(
        Func<int, (string Program, IEnumerable<string> Arguments)> command, string ready, CancellationToken ct,
        string? directory = null, IReadOnlyDictionary<string, string>? variables = null)
    {
        var port = FreePort();
        var (program, arguments) = command(port);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true, // it stays open for as long as this process lives
            WorkingDirectory = directory ?? Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var child = new Child(start, port);
        try
        {
            await child.AwaitAsync(ready, ct);
            return child;
        }
        catch
        {
            child.Dispose();
            throw;
        }

        static bool IsOurs(string name) => name.StartsWith("Cote__", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)
                || name.StartsWith("OPENAI_", StringComparison.Ordinal)
            || name.StartsWith("ANTHROPIC_", StringComparison.Ordinal)
                || name.StartsWith("Logging__", StringComparison.Ordinal);
    }

    /// <summary>This program again, as a server.</summary>
    public static Task<Child> SelfAsync(CancellationToken ct, params string[] arguments) =>
        StartAsync(port => (Environment.ProcessPath!,
            [.. arguments, "--port", port.ToString(CultureInfo.InvariantCulture)]), "/", ct);

    /// <summary>Ends every process that this one has started and that still runs.</summary>
    public static void EndAll()
    {
        foreach (var child in Running.Keys)
            child.Dispose();
    }

    /// <summary>SIGTERM, and its end.</summary>
    public async Task StopAsync()
    {
        _ = Signal(Pid, SigTerm);
        using var limit = new CancellationTokenSource(Deadline);
        await _process.WaitForExitAsync(limit.Token);
        Dispose();
    }

    public void Dispose()
    {
        if (!Running.TryRemove(this, out _))
            return;
        try
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(5_000);
        }
        catch (InvalidOperationException)
        {
            // it has gone by itself
        }
        _process.Dispose();
    }

    /// <summary>A port that nobody listens on.</summary>
    public static int FreePort()
    {
        // Below the range from which outgoing connections take theirs: in between, nobody else gets it.
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // taken: another one
            }
        }
    }

    // A connection a try, by hand: what a client library does at its first use would be measured as a part of the
    // start.
    async Task AwaitAsync(string ready, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var request = Wire.Request.Get(ready);
        while (true)
        {
            using (var http = new Wire.HttpConnection(Address))
            {
                try
                {
                    await http.ExchangeAsync(request);
                    if (http.Status == 200)
                        return;
                }
                catch (Exception error) when (error is SocketException or IOException)
                {
                    // not yet
                }
            }
            if (_process.HasExited)
                throw new InvalidOperationException(
                    $"{_process.StartInfo.FileName} ended with {_process.ExitCode}: {Output}");
            if (Stopwatch.GetElapsedTime(began) > Deadline)
                throw new TimeoutException($"{_process.StartInfo.FileName} was not ready after {Deadline}: {Output}");
            await Task.Delay(1, ct); // a port that is not open yet gives no event
        }
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        while (_output.Count > 100)
            _output.TryDequeue(out _);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int pid, int signal);
}
