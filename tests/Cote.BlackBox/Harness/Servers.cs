namespace Cote.BlackBox.Harness;

/// <summary>
/// One PostgreSQL with its fsync on and one RabbitMQ for all tests that break neither, started by the first that wants
/// them; they end with this process. Each test has a database and a virtual host of its own.
/// </summary>
static class Servers
{
    static readonly Lazy<Task<PostgresCluster>> Cluster = new(() => PostgresCluster.StartAsync(fsync: true));
    static readonly Lazy<Task<RabbitNode>> Broker = new(RabbitNode.StartAsync);

    public static Task<PostgresCluster> PostgresAsync() => Cluster.Value;

    public static Task<RabbitNode> RabbitAsync() => Broker.Value;
}
