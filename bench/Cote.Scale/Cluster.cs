using Cote.Testing;

namespace Cote.Scale;

/// <summary>
/// The PostgreSQL that a run uses: a private one with autovacuum in quick steps, since a month takes minutes, or one
/// that was named, which is left as it is.
/// </summary>
sealed class Cluster : IAsyncDisposable
{
    const string Given = "COTE_TEST_POSTGRES";

    readonly PostgresCluster _cluster;
    readonly bool _keeps;

    Cluster(PostgresCluster cluster, bool isOwn, bool keeps) => (_cluster, IsOwn, _keeps) = (cluster, isOwn, keeps);

    /// <summary>Whether it ends with this program.</summary>
    public bool IsOwn { get; }

    public static async Task<Cluster> StartAsync(string? url, bool keeps)
    {
        Environment.SetEnvironmentVariable(Given, url);
        var cluster = await PostgresCluster.StartAsync();
        if (url is not null)
            return new(cluster, isOwn: false, keeps);
        // Thirty days in a few minutes: autovacuum looks each second, where it looks each minute as it ships, and does
        // not pause, since the changes of a day come in seconds.
        foreach (var setting in new[]
        {
            "shared_preload_libraries = 'pg_stat_statements'", "autovacuum_naptime = 1",
            "autovacuum_vacuum_cost_delay = 0", "track_io_timing = on", "max_wal_size = '4GB'",
            "maintenance_work_mem = '256MB'", "work_mem = '32MB'", "jit = off", "checkpoint_timeout = '15min'",
        })
            await cluster.QueryAsync($"alter system set {setting}");
        await cluster.StopAsync();
        await cluster.StartAgainAsync();
        return new(cluster, isOwn: true, keeps);
    }

    public Task<string> CreateDatabaseAsync(string? template = null) => _cluster.CreateDatabaseAsync(template);

    public Task DropDatabaseAsync(string url) => _cluster.DropDatabaseAsync(url);

    public async Task<Postgres> ConnectAsync(string url) =>
        await Postgres.OpenAsync(await _cluster.ConnectAsync(url));

    // The databases of one that was named go with it.
    public ValueTask DisposeAsync() => IsOwn || !_keeps ? _cluster.DisposeAsync() : ValueTask.CompletedTask;
}
