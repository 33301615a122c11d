namespace Cote.Scale;

/// <summary>What one round of a loop costs the database.</summary>
/// <param name="EverySeconds">How often the product has such a round.</param>
/// <param name="Buffers">Pages that its statements looked at, in memory or on disk.</param>
/// <param name="Milliseconds">Of the server, without the way there.</param>
/// <param name="Dearest">The statement that looked at most pages.</param>
sealed record LoopCost(
    string Name, double EverySeconds, long Statements, long Rows, long Buffers, double Milliseconds, long WalBytes,
    string Dearest)
{
    public double BuffersAnHour => Buffers * 3_600 / EverySeconds;
}

/// <summary>
/// Runs each loop of the product once, as it is, on the grown database, and asks the database what that was.
/// </summary>
sealed class LoopCosts(Postgres db, ScaleServer server)
{
    const int Connected = 1_000;
    const int Rounds = 7;

    // What these do in a round is more now and then than each time: the rare part is the one that costs.
    static readonly Dictionary<string, double> RareEvery = new()
    {
        ["EventRetentionLoop"] = 600,
        ["SearchLoop"] = 300,
    };

    public async Task<IReadOnlyList<LoopCost>> MeasureAsync(CancellationToken ct)
    {
        await db.ExecuteAsync("create extension if not exists pg_stat_statements schema scale");
        // What was left to do is done, and the plans are those of statements that have been asked often.
        for (var round = 0; round < Rounds; round++)
            foreach (var loop in server.Loops)
                await loop.RunOnceAsync(ct);
        await db.ExecuteAsync("analyze");
        server.Time.Shift += TimeSpan.FromMinutes(11);
        var costs = new List<LoopCost>();
        foreach (var loop in server.Loops)
        {
            var name = loop.GetType().Name;
            var every = RareEvery.TryGetValue(name, out var rare) ? rare : loop.Interval.TotalSeconds;
            costs.Add(await MeasureAsync(name, every, () => loop.RunOnceAsync(ct)));
        }
        costs.AddRange(await OfConnectionsAsync(ct));
        return [.. costs.Where(x => x.Statements > 0).OrderByDescending(x => x.BuffersAnHour)];
    }

    // What is not a loop in rounds: it asks for the users who are connected to the node, and for the leases it holds.
    async Task<IReadOnlyList<LoopCost>> OfConnectionsAsync(CancellationToken ct)
    {
        var users = await db.ListAsync($"select id from users limit {Connected}", x => x.GetString(0));
        var events = server.Get<Events.EventLog>();
        var leases = server.Get<Replies.ReplyLeases>();
        var lease = server.Get<Replies.LeaseOptions>();
        return
        [
            await MeasureAsync($"heads of {users.Count} connected users", 5, () => events.HeadsAsync(users, ct)),
            await MeasureAsync($"replies elsewhere of {users.Count} connected users", 5,
                () => leases.ListUsersWithRemoteRepliesAsync(users, ct)),
            await MeasureAsync("LeaseLoop", lease.RenewEvery.TotalSeconds, leases.RenewAsync),
        ];
    }

    async Task<LoopCost> MeasureAsync(string name, double every, Func<Task> work)
    {
        await db.ExecuteAsync("select scale.pg_stat_statements_reset()");
        await work();
        var cost = (await db.ListAsync(
            $"""
            select coalesce(sum(calls), 0)::bigint, coalesce(sum(rows), 0)::bigint,
              coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint, coalesce(sum(total_exec_time), 0)::float8,
              coalesce(sum(wal_bytes), 0)::bigint,
              coalesce((array_agg(query order by shared_blks_hit + shared_blks_read desc))[1], '')
            from scale.pg_stat_statements where {OfProduct}
            """,
            x => new LoopCost(name, every, x.GetInt64(0), x.GetInt64(1), x.GetInt64(2), x.GetDouble(3), x.GetInt64(4),
                OneLine(x.GetString(5)))))[0];
        return cost;
    }

    /// <summary>A condition on the statements of the product in this database.</summary>
    public const string OfProduct = """
        dbid = (select oid from pg_database where datname = current_database()) and toplevel
          and query not ilike '%pg_stat_statements%' and query not ilike all (array['begin%', 'commit%', 'discard%'])
        """;

    static string OneLine(string sql) =>
        string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
