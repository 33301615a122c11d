using System.Net.Sockets;

namespace Cote.Testing;

/// <summary>An nginx in front of whatever its configuration says, on a port of its own.</summary>
public sealed class NginxProxy : IAsyncDisposable
{
    readonly Daemon _daemon = new("nginx", Signal.Term); // SIGKILL would leave its workers behind
    readonly int _port = Ports.Free();
    int _reading;

    /// <summary>Where it listens.</summary>
    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>What it wrote, its log of accesses too if that goes to a stream.</summary>
    public string Output => _daemon.Output;

    string File => Path.Combine(_daemon.Folder, "nginx.conf");

    string Reading => Path.Combine(_daemon.Folder, $"{_reading}.sock");

    /// <summary>
    /// Starts one with the whole text of an nginx.conf, made for the port on 127.0.0.1 where it shall listen.
    /// </summary>
    public static async Task<NginxProxy> StartAsync(Func<int, string> config)
    {
        var program = Needs.Program("nginx", "/usr/sbin");
        var proxy = new NginxProxy();
        try
        {
            await proxy.WriteAsync(config);
            await proxy._daemon.StartAsync(
                [program, "-p", proxy._daemon.Folder, "-c", proxy.File, "-e", "stderr", "-g", "daemon off;"],
                ready: proxy.HasReadAsync);
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
        return proxy;
    }

    /// <summary>Puts another configuration in force without letting a connection go.</summary>
    public async Task ReloadAsync(Func<int, string> config)
    {
        var before = Workers();
        await WriteAsync(config);
        Signal.Hup.Send(_daemon.Pid);
        await _daemon.UntilAsync(HasReadAsync);
        await _daemon.UntilAsync(() => Task.FromResult(!before.Exists(Accepts))); // for a moment both accept

        // Each names itself after what it does.
        static bool Accepts(string worker)
        {
            try
            {
                return !System.IO.File.ReadAllText($"/proc/{worker}/cmdline")
                    .Contains("shutting down", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    List<string> Workers() =>
        [.. System.IO.File.ReadAllText($"/proc/{_daemon.Pid}/task/{_daemon.Pid}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    async Task WriteAsync(Func<int, string> config)
    {
        _reading++;
        string[] paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        // Temporary files stay in the folder, and each reading of the text can be told by a socket of its own.
        var http = $$"""
            http {
                {{string.Join("\n    ", paths.Select(x => $"{x}_temp_path {_daemon.Folder}/{x};"))}}
                server { listen unix:{{Reading}}; access_log off; return 204; }
            """;
        var user = Environment.IsPrivilegedProcess ? "user root;\n" : ""; // the folder is closed to all others
        await System.IO.File.WriteAllTextAsync(File,
            $"{user}pid {_daemon.Folder}/pid;\n{config(_port).Replace("http {", http, StringComparison.Ordinal)}");
    }

    async Task<bool> HasReadAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Reading), stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        try
        {
            using var answer = await http.GetAsync("http://localhost/");
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
