namespace Cote.Media;

/// <summary>
/// A row that holds off the deletion of blobs on every node: a backup reads the bytes of one moment, long after it. It
/// lapses by the database's clock where the process that wrote it is killed.
/// </summary>
sealed class SweepHold(Database db, Clock clock) : IAsyncDisposable
{
    const string Prefix = "sweep-held:";
    const long LapsesAfter = 300_000;
    static readonly TimeSpan RenewEvery = TimeSpan.FromMinutes(1);

    readonly string _key = Prefix + clock.NewId();
    readonly CancellationTokenSource _ended = new();
    Task _renewing = Task.CompletedTask;
    bool _hasLapsed;

    /// <summary>The condition on a row of <c>meta</c> that it is one of these.</summary>
    public static readonly Sql IsHold = $"key like 'sweep-held:%'";

    /// <summary>The condition that nobody holds the deletion off.</summary>
    public static Sql IsFree(SqlDialect dialect) => $"""
        not exists (select 1 from meta where (case when {IsHold} then cast(value as bigint) else 0 end) > {dialect.Now})
        """;

    /// <summary>
    /// A deletion and a hold wait for each other: a hold is either seen, or begins when the deletion is committed.
    /// </summary>
    public static void Lock(WriteBatch batch) => batch.Lock($"select 1 from meta where key = 'epoch'");

    /// <summary>Begins to hold, until it is disposed of.</summary>
    public static async Task<SweepHold> BeginAsync(Database db, Clock clock)
    {
        var hold = new SweepHold(db, clock);
        await hold.WriteAsync(isFirst: true);
        hold._renewing = hold.RenewAsync();
        return hold;
    }

    /// <summary>
    /// Throws <see cref="StartupException"/> where the hold has lapsed since it began: what was read under it need not
    /// be whole.
    /// </summary>
    public async Task ConfirmAsync()
    {
        await WriteAsync();
        if (_hasLapsed)
            throw new StartupException(
                "The database could not be written for minutes, so the bytes of uploads may have been deleted while "
                + "they were read. Run it again.");
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _renewing;
        _ended.Dispose();
        try
        {
            var batch = new WriteBatch();
            batch.Execute($"delete from meta where key = {_key}");
            await db.WriteAsync(batch);
        }
        catch (ProblemException)
        {
            // the database cannot be reached; the hold lapses
        }
    }

    async Task RenewAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(RenewEvery, clock.Provider, _ended.Token);
                try
                {
                    await WriteAsync();
                }
                catch (ProblemException)
                {
                    // the next one may come before the hold lapses; whether it has is asked at the end
                }
            }
        }
        catch (OperationCanceledException)
        {
            // it ends
        }
    }

    async Task WriteAsync(bool isFirst = false)
    {
        var batch = new WriteBatch();
        Lock(batch);
        var renewed = batch.Execute($"""
            update meta set value = cast({db.Dialect.Now} + {LapsesAfter} as text)
            where key = {_key} and (case when {IsHold} then cast(value as bigint) else 0 end) >= {db.Dialect.Now}
            """);
        batch.Execute($"""
            delete from meta where (case when {IsHold} then cast(value as bigint) else {long.MaxValue} end) < {db.Dialect.Now}
            """);
        batch.Execute($"""
            insert into meta (key, value) values ({_key}, cast({db.Dialect.Now} + {LapsesAfter} as text))
            on conflict (key) do update set value = excluded.value
            """);
        await db.WriteAsync(batch);
        if (!isFirst && renewed.Changed == 0)
            _hasLapsed = true;
    }
}
