using Microsoft.Data.Sqlite;

namespace Cote.BlackBox.Harness;

/// <summary>Where the rows of a node lie: in its own directory, or in a database of PostgreSQL.</summary>
sealed class NodeDatabase : IAsyncDisposable
{
    PostgresCluster? _cluster;

    /// <summary>Null for the embedded database.</summary>
    public string? Url { get; private set; }

    public static async Task<NodeDatabase> MakeAsync(bool onPostgres)
    {
        var cluster = onPostgres ? await Servers.PostgresAsync() : null;
        return new() { _cluster = cluster, Url = cluster is null ? null : await cluster.CreateDatabaseAsync() };
    }

    /// <summary>
    /// What time does on PostgreSQL, where a lease outlives its node: a statement that ends it. The embedded database
    /// has one process, which ends the leases of earlier ones when it starts.
    /// </summary>
    public Task ExecuteAsync(string sql) => _cluster?.QueryAsync(sql, Url) ?? Task.CompletedTask;

    /// <summary>The number that a statement answers.</summary>
    public async Task<long> CountAsync(Node node, string sql)
    {
        if (_cluster is not null)
            return (long)(await _cluster.QueryAsync(sql, Url))[0][0]!;
        var file = Path.Combine(node.WorkingDirectory, "data", "cote.db");
        await using var db = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        await db.OpenAsync();
        await using var command = new SqliteCommand(sql, db);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public ValueTask DisposeAsync() => _cluster is null ? default : new(_cluster.DropDatabaseAsync(Url!));
}
