using Microsoft.Extensions.Logging;

namespace Cote.Cluster;

/// <summary>The log lines of the cluster: event ids 1200 to 1299.</summary>
static partial class ClusterLog
{
    [LoggerMessage(1200, LogLevel.Warning,
        "The RabbitMQ connection to {Purpose} failed ({Error}): replies of other nodes are shown once a second.")]
    public static partial void BrokerUnreachable(this ILogger log, string purpose, string error);

    [LoggerMessage(1201, LogLevel.Information, "The RabbitMQ connection to {Purpose} works again.")]
    public static partial void BrokerReconnected(this ILogger log, string purpose);

    [LoggerMessage(1202, LogLevel.Warning,
        "The PostgreSQL connection to {Purpose} notifications failed: {Error}. It is opened again.")]
    public static partial void NotifierDisconnected(this ILogger log, string purpose, string error);

    [LoggerMessage(1203, LogLevel.Warning,
        "No NOTIFY of this node comes back: other nodes are polled twice a second instead. "
        + "If Cote__Data__Postgres leads to a transaction pooler, set Cote__Data__PostgresListen "
            + "to the database itself.")]
    public static partial void NotificationsDoNotArrive(this ILogger log);
}
