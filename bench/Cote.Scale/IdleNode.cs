namespace Cote.Scale;

/// <summary>What a node asks of the database in a second while nobody uses it.</summary>
/// <param name="Busy">Milliseconds of a backend's time.</param>
/// <param name="Connections">That it holds open.</param>
sealed record NodeCost(double Statements, double Pages, double Busy, double WalBytes, long Connections);

/// <summary>Serves from the grown database, and lets it be.</summary>
static class IdleNode
{
    static readonly TimeSpan Settles = TimeSpan.FromSeconds(8);
    static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    public static async Task<NodeCost> MeasureAsync(
        Postgres db, string postgres, UseModel model, CancellationToken ct)
    {
        await using var server = await ScaleServer.ServeAsync(postgres, model);
        await Task.Delay(Settles, ct); // what runs at a start is over, and no event tells
        await db.ExecuteAsync("select scale.pg_stat_statements_reset()");
        await Task.Delay(Length, ct); // the time that is measured
        var seconds = Length.TotalSeconds;
        var cost = (await db.ListAsync(
            $"""
            select coalesce(sum(calls), 0)::float8, coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float8,
              coalesce(sum(total_exec_time), 0)::float8, coalesce(sum(wal_bytes), 0)::float8
            from scale.pg_stat_statements where {LoopCosts.OfProduct}
            """, x => (x.GetDouble(0), x.GetDouble(1), x.GetDouble(2), x.GetDouble(3))))[0];
        var connections = await db.ValueAsync<long>("""
            select count(*) from pg_stat_activity
            where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
            """);
        return new(cost.Item1 / seconds, cost.Item2 / seconds, cost.Item3 / seconds, cost.Item4 / seconds, connections);
    }
}
