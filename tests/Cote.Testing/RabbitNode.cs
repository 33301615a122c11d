using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Cote.Testing;

/// <summary>
/// A RabbitMQ of the tests' own, on a port that it keeps over restarts, or the one that <c>COTE_TEST_RABBITMQ</c>
/// names.
/// </summary>
public sealed class RabbitNode : IAsyncDisposable
{
    // The wrapper on the PATH becomes another user and keeps to the machine's own folders; this is what it calls.
    const string Debian = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    const int VirtualHosts = 24;

    readonly Daemon? _epmd, _daemon;
    readonly string[] _command = [];
    readonly Dictionary<string, string> _variables = [];
    int _taken;

    RabbitNode(string given) => Url = given;

    RabbitNode(Daemon epmd, Daemon daemon, string server, int epmdPort)
    {
        var (port, folder) = (Ports.Free(), daemon.Folder);
        (_epmd, _daemon, Url) = (epmd, daemon, $"amqp://guest:guest@127.0.0.1:{port}");
        _command = [server, "-noinput", "-kernel", "inet_dist_use_interface", "{127,0,0,1}"];
        _variables = new()
        {
            // With this the script becomes the server: one process, and its end is ours to see.
            ["RABBITMQ_ALLOW_INPUT"] = "true",
            ["RABBITMQ_NODENAME"] = "cote@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = Text(port),
            ["RABBITMQ_DIST_PORT"] = Text(Ports.Free()),
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder, "none"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
            ["RABBITMQ_GENERATED_CONFIG_DIR"] = folder,
            ["RABBITMQ_MNESIA_BASE"] = folder,
            ["RABBITMQ_LOG_BASE"] = folder,
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["ERL_EPMD_PORT"] = Text(epmdPort),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["HOME"] = folder, // the cookie
        };
    }

    /// <summary>How clients reach it.</summary>
    public string Url { get; }

    /// <summary>
    /// The same, in a virtual host that nobody else has been given; of a server that was named, the only one.
    /// </summary>
    public string NextUrl() => _daemon is null ? Url
        : Interlocked.Increment(ref _taken) is <= VirtualHosts and var next ? $"{Url}/v{next}"
        : throw new InvalidOperationException("More virtual hosts are wanted than there are; let there be more.");

    /// <summary>What the server wrote, for a test that failed.</summary>
    public string Output => _daemon?.Output ?? "";

    Daemon Own => _daemon
        ?? throw Needs.Missing(
        "The server that COTE_TEST_RABBITMQ names is not ours to stop: a RabbitMQ of our own is needed.");

    /// <summary>Starts one.</summary>
    public static async Task<RabbitNode> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("COTE_TEST_RABBITMQ") is { Length: > 0 } given)
            return new(given);
        var server = File.Exists(Debian) ? Debian : Needs.Program("rabbitmq-server");
        var epmd = Needs.Program("epmd");
        // Its registry of names is started before it, on a port of its own: else it starts one that nobody ever ends.
        var epmdPort = Ports.Free();
        var node = new RabbitNode(new("epmd"), new("rabbitmq"), server, epmdPort);
        try
        {
            await node._epmd!.StartAsync([epmd, "-port", Text(epmdPort), "-address", "127.0.0.1"], ready: async () =>
                (await Shell.RunAsync(epmd, "-port", Text(epmdPort), "-names")).Code == 0);
            var definitions = Path.Combine(node._daemon!.Folder, "definitions.json");
            await File.WriteAllTextAsync(definitions, Definitions());
            await File.WriteAllTextAsync(node._variables["RABBITMQ_CONFIG_FILE"],
                $"log.console.level = warning\ndisk_free_limit.absolute = 50MB\nload_definitions = {definitions}\n");
            await File.WriteAllTextAsync(node._variables["RABBITMQ_ENABLED_PLUGINS_FILE"], "[].\n");
            await node.StartAgainAsync();
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
        return node;
    }

    /// <summary>A client's connection.</summary>
    public Task<IConnection> ConnectAsync() => ConnectAsync(Url);

    /// <summary>Stops it, in good order or by SIGKILL.</summary>
    public Task StopAsync(bool immediate = false) => Own.EndAsync(immediate ? Signal.Kill : Signal.Term);

    /// <summary>Starts it after <see cref="StopAsync"/>: same port, same data.</summary>
    public Task StartAgainAsync() => Own.StartAsync(_command, _variables, async () =>
    {
        try
        {
            await using var connection = await ConnectAsync($"{Url}/v{VirtualHosts}"); // the last one to be made
            return true;
        }
        catch (BrokerUnreachableException)
        {
            return false;
        }
    });

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        if (_epmd is not null)
            await _epmd.DisposeAsync();
    }

    static Task<IConnection> ConnectAsync(string url) =>
        new ConnectionFactory { Uri = new(url), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    // A server that is told of virtual hosts makes no user by itself.
    static string Definitions()
    {
        string[] hosts = ["/", .. Enumerable.Range(1, VirtualHosts).Select(x => $"v{x}")];
        var salt = RandomNumberGenerator.GetBytes(4);
        return JsonSerializer.Serialize(new
        {
            users = new[]
            {
                new
                {
                    name = "guest",
                    password_hash = Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. "guest"u8])]),
                    hashing_algorithm = "rabbit_password_hashing_sha256",
                    tags = "administrator",
                },
            },
            vhosts = hosts.Select(x => new { name = x }),
            permissions = hosts.Select(
                x => new { user = "guest", vhost = x, configure = ".*", write = ".*", read = ".*" }),
        });
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
