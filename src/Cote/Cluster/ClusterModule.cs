using Microsoft.Extensions.DependencyInjection;

namespace Cote.Cluster;

static class ClusterModule
{
    /// <summary>The notifier and the bus start first, so that they stop last: others publish when they stop.</summary>
    public static void AddCluster(this IServiceCollection services, DataOptions data, RabbitMqOptions rabbit)
    {
        services.AddSingleton<Node>();
        services.AddSingleton<EarlierNodes>().AddHostedService(x => x.GetRequiredService<EarlierNodes>());
        if (rabbit.Url is null)
            services.AddSingleton<DeltaBus, NoDeltaBus>();
        else
            services.AddSingleton<DeltaBus, RabbitDeltaBus>();
        services.AddHostedService(x => x.GetRequiredService<DeltaBus>());
        if (data.Postgres is null)
            services.AddSingleton<NodeNotifier, SingleNodeNotifier>();
        else
            services.AddSingleton<NodeNotifier, PostgresNotifier>();
        services.AddHostedService(x => x.GetRequiredService<NodeNotifier>());
    }
}
