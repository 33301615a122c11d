namespace Cote.Notices;

/// <summary>Something to tell, as this node has taken it.</summary>
/// <param name="Tries">Counts this one.</param>
/// <param name="IsProbe">Whether it is the one try of a minute at an endpoint that has failed for an hour.</param>
sealed record Webhook(
    string Id, string Type, string UserId, string? ChatId, string? MessageId, string? Cursor, Timestamp At,
    Timestamp Until, long Tries, bool IsProbe);

/// <summary>Something that was given up.</summary>
/// <param name="Fault">Of the last try: a few words that hold no address.</param>
sealed record FailedWebhook(
    string Id, string Endpoint, string Type, string UserId, string? ChatId, string? MessageId, Timestamp At,
    Timestamp FailedAt, long Tries, string? Fault)
{
    const int IdOfTime = 36; // a UUID, before the name of the endpoint and perhaps a number
    const int LongestId = 96;

    /// <summary>The id of a webhook, or null where <paramref name="text"/> has another form.</summary>
    public static string? ParseId(string? text) =>
        text is { Length: > IdOfTime and <= LongestId } && text[IdOfTime] == '_'
            && Ids.Parse(text[..IdOfTime]) is not null
            && text.All(x => char.IsAsciiLetterOrDigit(x) || x is '-' or '_') ? text : null;
}

/// <summary>How an endpoint does.</summary>
/// <param name="FailingSince">The first failure after the last success; null where the last try succeeded.</param>
/// <param name="Waiting">How much is still to be told.</param>
/// <param name="OldestAt">The time of the oldest of it.</param>
/// <param name="Failed">How much was given up and is still listed.</param>
/// <param name="Dropped">How much was dropped, ever, because too much waited.</param>
/// <param name="Fault">Of the last failure: a few words that hold no address.</param>
sealed record WebhookState(
    string Endpoint, Timestamp? FailingSince, long Waiting, Timestamp? OldestAt, long Failed, long Dropped,
    string? Fault);

/// <summary>What is due at an endpoint.</summary>
/// <param name="IsDown">Whether it has failed for an hour.</param>
/// <param name="IsFailing">Whether its last try has failed.</param>
/// <param name="DueAt">Of what is due first, or of the next try of an endpoint that is down; null where nothing waits.
/// </param>
/// <param name="IsDue">Whether that time has come, by the reading of the clock that all of this is from.</param>
readonly record struct DueWebhooks(bool IsDown, bool IsFailing, Timestamp? DueAt, bool IsDue);

/// <summary>
/// All SQL of what webhooks are told, but for writing it (<see cref="Outbox"/>). A batch that changes the row of an
/// endpoint locks it before its webhooks.
/// </summary>
sealed partial class WebhookStore(Database db, Outbox outbox, Clock clock)
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(40); // longer than two requests, one of which waits
    static readonly TimeSpan DownAfter = TimeSpan.FromHours(1);
    static readonly TimeSpan ProbeEvery = TimeSpan.FromMinutes(1);

    /// <summary>What is due at an endpoint, and when.</summary>
    public async Task<DueWebhooks> FindDueAsync(string endpoint, CancellationToken ct)
    {
        var now = clock.Now;
        return await db.FirstAsync(
            $"""
            select e.failing_since, e.probe_at, (
              select w.due_at from webhooks w
              where w.endpoint = {endpoint} and w.failed_at is null and w.lease_until <= {db.Dialect.Now}
              order by w.due_at limit 1)
            from (select 1 as one) o left join webhook_endpoints e on e.name = {endpoint}
            """,
            row => DueOf(row.GetInt64OrNull(0), row.GetInt64OrNull(1) ?? 0, row.GetInt64OrNull(2), now), ct);
    }

    static DueWebhooks DueOf(long? failingSince, long probeAt, long? dueAt, Timestamp now)
    {
        var isDown = failingSince <= (now - DownAfter).Milliseconds;
        Timestamp? next = dueAt is { } due ? new(isDown ? Math.Max(due, probeAt) : due) : null;
        return new(isDown, failingSince is not null, next, next <= now);
    }

    /// <summary>Takes what is due at an endpoint for a while; another node does not get it.</summary>
    public async Task<IReadOnlyList<Webhook>> ClaimAsync(string endpoint, long most, bool isProbe)
    {
        var now = clock.Now;
        if (isProbe && !await TakeProbeAsync(endpoint, now))
            return [];
        Sql isDue = $"""
            endpoint = {endpoint} and failed_at is null and due_at <= {now} and lease_until <= {db.Dialect.Now}
            """;
        var batch = new WriteBatch();
        var taken = batch.Query(
            $"""
            update webhooks set lease_until = {db.Dialect.Now} + {(long)Lease.TotalMilliseconds}, tries = tries + 1
            where id in (select id from webhooks where {isDue} order by due_at limit {(isProbe ? 1 : most)}) and {isDue}
            returning id, type, user_id, chat_id, message_id, cursor, at, until, tries
            """,
            row => new Webhook(row.GetString(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3),
                row.GetStringOrNull(4), row.GetStringOrNull(5), new(row.GetInt64(6)), new(row.GetInt64(7)),
                row.GetInt64(8), isProbe));
        await db.WriteAsync(batch);
        return taken.Items;
    }

    // Of all nodes one gets the try of the minute.
    async Task<bool> TakeProbeAsync(string endpoint, Timestamp now)
    {
        var batch = new WriteBatch();
        var taken = batch.Execute($"""
            update webhook_endpoints set probe_at = {now + ProbeEvery} where name = {endpoint} and probe_at <= {now}
            """);
        await db.WriteAsync(batch);
        return taken.Changed > 0;
    }

    /// <summary>It was told.</summary>
    public Task EndAsync(string endpoint, Webhook webhook, bool wasFailing)
    {
        var batch = new WriteBatch();
        if (wasFailing)
            batch.Execute($"""
                update webhook_endpoints set failing_since = null, probe_at = 0
                where name = {endpoint} and failing_since is not null
                """);
        batch.Execute($"delete from webhooks where id = {webhook.Id}");
        return db.WriteAsync(batch);
    }

    /// <summary>The endpoint is back: what waits for its next try waits no more.</summary>
    public Task LetAllBeDueAsync(string endpoint)
    {
        var now = clock.Now;
        return RepeatAsync(batch =>
        {
            batch.Lock($"select 1 from webhook_endpoints where name = {endpoint}");
            return batch.Execute($"""
                update webhooks set due_at = {now} where id in (
                  select id from webhooks
                  where endpoint = {endpoint} and failed_at is null and due_at > {now} limit {BatchRows})
                """);
        });
    }

    /// <summary>It was not told: it is tried again after the gap, or listed as failed where that is too late.</summary>
    /// <returns>Whether it is given up.</returns>
    public async Task<bool> FailAsync(string endpoint, Webhook webhook, string fault, TimeSpan gap)
    {
        var now = clock.Now;
        var next = now + gap;
        var isOver = next > webhook.Until;
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into webhook_endpoints (name, seen_at, failing_since, fault)
            values ({endpoint}, {db.Dialect.Now}, {now}, {fault})
            on conflict (name) do update set
              failing_since = coalesce(webhook_endpoints.failing_since, excluded.failing_since), fault = excluded.fault
            """);
        batch.Execute($"""
            update webhooks set due_at = {next}, lease_until = 0, fault = {fault},
              failed_at = {(isOver ? (Timestamp?)now : null)}
            where id = {webhook.Id} and tries = {webhook.Tries}
            """);
        await db.WriteAsync(batch);
        return isOver;
    }

    /// <summary>It was not tried: this node ends, and another one, or its next start, need not wait.</summary>
    public async Task ReleaseAsync(Webhook webhook)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update webhooks set lease_until = 0, tries = tries - 1 where id = {webhook.Id} and tries = {webhook.Tries}
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>What was given up, the newest first.</summary>
    /// <param name="limit">The most that are listed.</param>
    /// <param name="after">The place of the last one of the page before; null for the first page.</param>
    /// <param name="ct">Cancels the read.</param>
    public Task<IReadOnlyList<FailedWebhook>> ListFailedAsync(
        long limit, (Timestamp FailedAt, string Id)? after, CancellationToken ct) => db.ListAsync(
        $"""
        select id, endpoint, type, user_id, chat_id, message_id, at, failed_at, tries, fault from webhooks
        where failed_at is not null and {(after is not { } place ? (Sql)$"1 = 1"
            : $"failed_at <= {place.FailedAt} and (failed_at < {place.FailedAt} or id < {place.Id})")}
        order by failed_at desc, id desc limit {limit}
        """,
        row => new FailedWebhook(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3),
            row.GetStringOrNull(4), row.GetStringOrNull(5), new(row.GetInt64(6)), new(row.GetInt64(7)),
            row.GetInt64(8), row.GetStringOrNull(9)), ct);

    /// <summary>How the endpoints do, by their names.</summary>
    public Task<IReadOnlyList<WebhookState>> ListStatesAsync(CancellationToken ct) => db.ListAsync(
        $"""
        select e.name, e.failing_since,
          (select count(*) from webhooks w where w.endpoint = e.name and w.failed_at is null),
          (select min(w.at) from webhooks w where w.endpoint = e.name and w.failed_at is null),
          (select count(*) from webhooks w where w.endpoint = e.name and w.failed_at is not null),
          e.dropped, e.fault
        from webhook_endpoints e order by e.name
        """,
        row => new WebhookState(row.GetString(0), TimeOf(row.GetInt64OrNull(1)), row.GetInt64(2),
            TimeOf(row.GetInt64OrNull(3)), row.GetInt64(4), row.GetInt64(5), row.GetStringOrNull(6)), ct);

    /// <summary>
    /// Tries for another day to tell what was given up. False where it is not listed. <paramref name="also"/> adds to
    /// the batch before, and is given the condition that it is.
    /// </summary>
    public async Task<bool> RetryAsync(string id, Action<WriteBatch, Sql>? also = null)
    {
        var now = clock.Now;
        var batch = new WriteBatch();
        AddIfListed(batch, id, also);
        var let = batch.Execute($"""
            update webhooks set failed_at = null, due_at = {now}, tries = 0, until = {now + Outbox.TriedFor}
            where id = {id} and failed_at is not null
            """);
        outbox.WakeAfter(batch);
        await db.WriteAsync(batch);
        return let.Changed > 0;
    }

    /// <summary>
    /// Removes what was given up from the list. False where it is not listed. <paramref name="also"/> adds to the batch
    /// before, and is given the condition that it is.
    /// </summary>
    public async Task<bool> DropAsync(string id, Action<WriteBatch, Sql>? also = null)
    {
        var batch = new WriteBatch();
        AddIfListed(batch, id, also);
        var dropped = batch.Execute($"delete from webhooks where id = {id} and failed_at is not null");
        await db.WriteAsync(batch);
        return dropped.Changed > 0;
    }

    // Of two at once one finds it listed, and tells of what it does.
    static void AddIfListed(WriteBatch batch, string id, Action<WriteBatch, Sql>? also)
    {
        Sql listed = $"select 1 from webhooks where id = {id} and failed_at is not null";
        batch.Lock(listed);
        also?.Invoke(batch, $"exists ({listed})");
    }

    static Timestamp? TimeOf(long? milliseconds) => milliseconds is { } some ? new(some) : null;
}
