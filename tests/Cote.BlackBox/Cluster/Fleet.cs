using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Cluster;

/// <summary>
/// Nodes of the published program on one PostgreSQL that keeps what it says it keeps, with a RabbitMQ and an nginx
/// where they are wanted.
/// </summary>
sealed class Fleet : IAsyncDisposable
{
    readonly bool _ownsServers;
    string? _brokerUrl;

    Fleet(PostgresCluster postgres, bool ownsServers) => (Postgres, _ownsServers) = (postgres, ownsServers);

    public PostgresCluster Postgres { get; }

    public string Database { get; private set; } = "";

    public RabbitNode? Rabbit { get; private set; }

    public NginxProxy? Proxy { get; private set; }

    public List<Node> Nodes { get; } = [];

    /// <summary>All that the nodes wrote that should not have been necessary.</summary>
    public IEnumerable<string> Failures =>
        Nodes.SelectMany(x => x.Output.Split('\n')).Where(x => x.Contains("fail:", StringComparison.Ordinal));

    /// <summary>
    /// Starts one; with <paramref name="ownsServers"/> on a PostgreSQL and a RabbitMQ of its own, which it may break.
    /// </summary>
    public static async Task<Fleet> StartAsync(
        PublishedProgram program, FakeModelServer model, int nodes, bool rabbit = false, bool proxy = false,
        bool start = true,
        bool ownsServers = false, params string[] settings)
    {
        var postgres = ownsServers ? PostgresCluster.StartAsync(fsync: true) : Servers.PostgresAsync();
        var broker = !rabbit ? Task.FromResult<RabbitNode>(null!)
            : ownsServers ? RabbitNode.StartAsync() : Servers.RabbitAsync();
        var fleet = new Fleet(await postgres, ownsServers);
        try
        {
            fleet.Rabbit = await broker;
            fleet._brokerUrl = fleet.Rabbit?.NextUrl();
            fleet.Database = await fleet.Postgres.CreateDatabaseAsync();
            while (fleet.Nodes.Count < nodes)
                fleet.Nodes.Add(fleet.Make(program, model, settings));
            if (start)
                await Task.WhenAll(fleet.Nodes.Select(x => x.StartAsync())); // together: one of them migrates
            if (proxy)
                fleet.Proxy = await NginxProxy.StartAsync(fleet.Configuration);
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
        return fleet;
    }

    public async ValueTask DisposeAsync()
    {
        if (Proxy is not null)
            await Proxy.DisposeAsync();
        foreach (var node in Nodes)
            await node.DisposeAsync();
        if (!_ownsServers)
        {
            if (Database.Length > 0)
                await Postgres.DropDatabaseAsync(Database);
            return;
        }
        if (Rabbit is not null)
            await Rabbit.DisposeAsync();
        await Postgres.DisposeAsync();
    }

    /// <summary>
    /// The text of a file in deploy/, for ports of this machine and with the nodes' addresses, and no other change.
    /// </summary>
    public string Configuration(int port)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "nginx.cluster.conf"));
        Replace("listen 80;", $"listen 127.0.0.1:{port};");
        Replace("pid /tmp/nginx.pid;\n", ""); // the proxy of the tests has a folder for it
        for (var i = 0; i < Nodes.Count; i++)
            Replace($"server cote{i + 1}:8000 ", $"server {Nodes[i].Url.Authority} ");
        return text;

        void Replace(string what, string by) =>
            text = text.Contains(what, StringComparison.Ordinal) ? text.Replace(what, by, StringComparison.Ordinal)
                : throw new InvalidOperationException($"deploy/nginx.cluster.conf does not say “{what}” any more.");
    }

    Node Make(PublishedProgram program, FakeModelServer model, string[] settings)
    {
        var node = Node.With(program, model, ["Http:TrustedProxies=127.0.0.1", .. settings]).On(Database);
        if (_brokerUrl is not null)
            node.Variables["Cote__RabbitMq__Url"] = _brokerUrl;
        return node;
    }
}
