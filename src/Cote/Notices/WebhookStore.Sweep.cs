namespace Cote.Notices;

// What waits for nobody, or too long, or too much.
sealed partial class WebhookStore
{
    /// <summary>How much may wait at an endpoint; beyond it the oldest is dropped.</summary>
    public const int MostWaiting = 100_000;

    static readonly TimeSpan FailedKeptFor = TimeSpan.FromDays(30);
    static readonly TimeSpan GoneAfter = TimeSpan.FromHours(1);
    const long BatchRows = 1_000;

    volatile bool _hasBegun;

    /// <summary>
    /// The endpoints of this server begin. In the only process of a database nobody sends what another has taken.
    /// </summary>
    public async Task BeginAsync(IReadOnlyList<string> endpoints, CancellationToken ct)
    {
        // A start on a full disk writes nothing that it need not.
        if (endpoints.Count > 0 || await db.FirstAsync(
            $"select 1 from webhook_endpoints union all select 1 from webhooks limit 1", _ => true, ct))
        {
            var batch = new WriteBatch();
            foreach (var name in endpoints)
                See(batch, name);
            batch.Execute($"""
                insert into webhook_endpoints (name, seen_at)
                select endpoint, {db.Dialect.Now} from webhooks where true group by endpoint
                on conflict (name) do nothing
                """);
            // After a time in which no node ran, the nodes that have an endpoint configured may be the last to begin.
            batch.Execute(db.Engine.IsSingleProcess
                ? (Sql)$"update webhooks set lease_until = 0 where lease_until > 0"
                : $"update webhook_endpoints set seen_at = {db.Dialect.Now} where {IsUnseen}");
            await db.WriteAsync(batch);
        }
        _hasBegun = true;
    }

    // That it is configured here.
    void See(WriteBatch batch, string endpoint) => batch.Execute($"""
        insert into webhook_endpoints (name, seen_at) values ({endpoint}, {db.Dialect.Now})
        on conflict (name) do update set seen_at = excluded.seen_at
        """);

    Sql IsUnseen => $"seen_at < {db.Dialect.Now} - {(long)GoneAfter.TotalMilliseconds}";

    /// <summary>
    /// Removes endpoints that are not configured any more, with all that is left of them: where there are many nodes,
    /// once none of them has had it for an hour, since a node with an older configuration may run beside others.
    /// Returns how much was left of which.
    /// </summary>
    public async Task<IReadOnlyList<(string Endpoint, long Rows)>> RemoveGoneAsync(
        IReadOnlyList<string> endpoints, CancellationToken ct)
    {
        if (!_hasBegun)
            return [];
        Sql isGone = db.Engine.IsSingleProcess ? $"1 = 1" : IsUnseen;
        if (endpoints.Count > 0)
            isGone = $"not (name {db.Dialect.In(endpoints)}) and {isGone}";
        var left = new List<(string, long)>();
        foreach (var name in await db.ListAsync(
            $"select name from webhook_endpoints where {isGone} order by name", row => row.GetString(0), ct))
            if (await RemoveAsync(name, isGone) is > 0 and var rows)
                left.Add((name, rows));
        return left;
    }

    Task<long> RemoveAsync(string endpoint, Sql isGone) => RepeatAsync(batch =>
    {
        batch.Lock($"select 1 from webhook_endpoints where name = {endpoint}");
        var removed = batch.Execute($"""
            delete from webhooks where id in (select id from webhooks where endpoint = {endpoint} limit {BatchRows})
              and exists (select 1 from webhook_endpoints where name = {endpoint} and {isGone})
            """);
        batch.Execute($"""
            delete from webhook_endpoints where name = {endpoint} and {isGone}
              and not exists (select 1 from webhooks where endpoint = {endpoint})
            """);
        return removed;
    });

    /// <summary>
    /// Notes that an endpoint is configured, lists as failed what could not be tried in time, removes what has been
    /// listed for long, and drops the oldest of what waits beyond the limit; how much that was.
    /// </summary>
    public async Task<long> SweepAsync(string endpoint, long mostWaiting, CancellationToken ct)
    {
        var now = clock.Now;
        Sql isLate = $"""
            endpoint = {endpoint} and failed_at is null and until < {now} and lease_until <= {db.Dialect.Now}
            """;
        await RepeatAsync(batch =>
        {
            See(batch, endpoint);
            return batch.Execute($"""
                update webhooks set failed_at = {now}
                where id in (select id from webhooks where {isLate} limit {BatchRows}) and {isLate}
                """);
        });
        await RepeatAsync(batch => batch.Execute($"""
            delete from webhooks where id in (
              select id from webhooks
              where failed_at is not null and failed_at < {now - FailedKeptFor} limit {BatchRows})
            """));
        return await DropOldestAsync(endpoint, mostWaiting, ct);
    }

    async Task<long> DropOldestAsync(string endpoint, long mostWaiting, CancellationToken ct)
    {
        Sql waiting = $"select id from webhooks where endpoint = {endpoint} and failed_at is null";
        Sql count = $"select count(*) as found from ({waiting} limit {mostWaiting + BatchRows}) w";
        if (await db.FirstAsync(count, row => row.GetInt64(0), ct) <= mostWaiting)
            return 0;
        // Counted again under the lock: another node may have dropped the same.
        var dropped = await RepeatAsync(batch =>
        {
            batch.Lock($"select 1 from webhook_endpoints where name = {endpoint}");
            return batch.Execute($"""
                delete from webhooks where id in ({waiting} order by id limit (
                  select case when c.found > {mostWaiting} then c.found - {mostWaiting} else 0 end from ({count}) c))
                """);
        });
        var counted = new WriteBatch();
        counted.Execute($"update webhook_endpoints set dropped = dropped + {dropped} where name = {endpoint}");
        await db.WriteAsync(counted);
        return dropped;
    }

    // One long batch would hold up all other writes.
    async Task<long> RepeatAsync(Func<WriteBatch, Statement> add)
    {
        for (long rows = 0; ;)
        {
            var batch = new WriteBatch();
            var statement = add(batch);
            await db.WriteAsync(batch);
            rows += statement.Changed;
            if (statement.Changed < BatchRows)
                return rows;
        }
    }
}
