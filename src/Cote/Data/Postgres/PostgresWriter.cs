using Npgsql;

namespace Cote.Data;

/// <summary>
/// Writes each batch in one round trip and one transaction. A batch that other transactions undid runs again; one whose
/// connection broke runs once more if it is repeatable. Batches with a place gather while others of them are written,
/// and share a transaction.
/// </summary>
sealed class PostgresWriter(PostgresPool pool, int capacity, Clock clock)
{
    const int MostTries = 6;
    const int MostTogether = 64;
    const int Groups = 2;
    const int MostGroups = 8;
    static readonly TimeSpan LongGroup = TimeSpan.FromMilliseconds(200);

    readonly Lock _gate = new();
    readonly Queue<Pending> _waiting = [];
    int _groups;
    long _groupBegan;
    int _writing;

    public int Waiting => Volatile.Read(ref _writing);

    public async Task<Outcome> WriteAsync(WriteBatch batch)
    {
        try
        {
            if (Interlocked.Increment(ref _writing) > capacity)
            {
                DataMetrics.OnRefused();
                throw new ProblemException(Problems.Busy);
            }
            return await (batch.Place is null ? WriteAloneAsync(batch) : GatherAsync(batch));
        }
        catch (Exception error) when (PostgresErrors.IsOfDatabase(error))
        {
            throw pool.Failed(error);
        }
        finally
        {
            Interlocked.Decrement(ref _writing);
        }
    }

    async Task<Outcome> WriteAloneAsync(WriteBatch batch)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await RunAsync(batch.Statements);
                return Outcome.Committed;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                pool.Succeeded();
                return Outcome.Conflict;
            }
            catch (PostgresException error) when (PostgresErrors.WasRolledBackByOthers(error) && tries < MostTries)
            {
                // After a deadlock all but one transaction have lost: they must not try again at the same moment.
                await Task.Delay(Random.Shared.Next(1, 5 << tries));
            }
            catch (Exception error) when (PostgresErrors.IsAway(error) && batch.IsRepeatable && tries == 1)
            {
                pool.Failed(error);
            }
        }
    }

    // Who comes while few groups are written begins one; who waits is taken along, or begins the next.
    async Task<Outcome> GatherAsync(WriteBatch batch)
    {
        if (MustWait(batch) is { } waiting && await waiting.Done.Task is { } outcome)
            return outcome;
        var own = new Pending(batch);
        try
        {
            await WriteTogetherAsync(TakeGroup(own));
        }
        finally
        {
            lock (_gate)
                if (_waiting.TryDequeue(out var next))
                    next.Done.TrySetResult(null);
                else
                    _groups--;
        }
        return (await own.Done.Task)!.Value;
    }

    Pending? MustWait(WriteBatch batch)
    {
        lock (_gate)
        {
            // Where groups wait long for a row, all others need not.
            if (_groups < Groups || _groups < MostGroups && clock.Since(_groupBegan) > LongGroup)
            {
                _groups++;
                return null;
            }
            var pending = new Pending(batch);
            _waiting.Enqueue(pending);
            return pending;
        }
    }

    List<Pending> TakeGroup(Pending own)
    {
        var group = new List<Pending> { own };
        lock (_gate)
        {
            _groupBegan = clock.Ticks;
            while (group.Count < MostTogether && _waiting.TryDequeue(out var next))
                group.Add(next);
        }
        return group;
    }

    async Task WriteTogetherAsync(List<Pending> group)
    {
        try
        {
            if (group.Count > 1)
            {
                await RunAsync(
                    [.. group.OrderBy(x => x.Batch.Place, StringComparer.Ordinal).SelectMany(x => x.Batch.Statements)],
                    group.Count);
                foreach (var pending in group)
                    pending.Done.TrySetResult(Outcome.Committed);
                return;
            }
        }
        catch (PostgresException error) when (!PostgresErrors.IsAway(error))
        {
            // Nothing is committed: one of them was refused, or others came in between. Each by itself.
            pool.Succeeded();
        }
#pragma warning disable CA1031 // Their callers get the error, of whatever kind.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // It is not known whether they are committed.
            foreach (var pending in group.Where(x => !x.Batch.IsRepeatable))
                pending.Done.TrySetException(error);
            group.RemoveAll(x => !x.Batch.IsRepeatable);
        }
        await Task.WhenAll(group.Select(async x =>
        {
            try
            {
                x.Done.TrySetResult(await WriteAloneAsync(x.Batch));
            }
#pragma warning disable CA1031 // Its caller gets the error, of whatever kind.
            catch (Exception error)
#pragma warning restore CA1031
            {
                x.Done.TrySetException(error);
            }
        }));
    }

    async Task RunAsync(List<Statement> statements, int batches = 1)
    {
        var began = clock.Ticks;
        await using var connection = await pool.OpenRawAsync();
        await using var commands = new NpgsqlBatch(connection);
        foreach (var statement in statements)
        {
            // The lock of an update that leaves the key alone: a row that only refers to this one need not wait.
            var text = statement.IsLock ? statement.Sql.Text + " for no key update" : statement.Sql.Text;
            var command = new NpgsqlBatchCommand(text);
            PostgresArguments.Bind(command.Parameters, statement.Sql);
            commands.BatchCommands.Add(command);
        }
        await using (var reader = await commands.ExecuteReaderAsync())
        {
            var row = new PostgresRow(reader);
            var isFirst = true;
            foreach (var statement in statements.Where(x => x.ReturnsRows))
            {
                if (!isFirst)
                    await reader.NextResultAsync();
                isFirst = false;
                statement.Begin();
                while (await reader.ReadAsync())
                    statement.Take(row);
            }
            // To the very end: the commit is acknowledged only there.
            while (await reader.NextResultAsync())
            {
            }
        }
        for (var i = 0; i < statements.Count; i++)
            statements[i].Changed = (int)commands.BatchCommands[i].RecordsAffected;
        DataMetrics.OnCommitted(batches, clock.Since(began));
        pool.Succeeded();
    }

    sealed class Pending(WriteBatch batch)
    {
        public WriteBatch Batch => batch;

        /// <summary>Its outcome; null where it is its turn to begin a group.</summary>
        public TaskCompletionSource<Outcome?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
