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
    const int MostGroups = 2;

    // A group waits for nobody long: who needs a row that is held elsewhere is written by himself. Of the transaction
    // alone, which a pipeline is.
    static readonly Sql ShortPatience = $"select set_config('lock_timeout', '200ms', true)";

    readonly Lock _gate = new();
    readonly Queue<Pending> _waiting = [];
    int _groups;
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

    // Who comes while few groups are written begins one with all that wait; who waits is taken along, or begins the
    // next.
    async Task<Outcome> GatherAsync(WriteBatch batch)
    {
        if (MustWait(batch) is { } waiting && await waiting.Done.Task is { } outcome)
            return outcome;
        var own = new Pending(batch);
        IReadOnlyList<Pending> left;
        try
        {
            left = await WriteTogetherAsync(TakeGroup(own));
        }
        finally
        {
            lock (_gate)
                if (_waiting.TryDequeue(out var next))
                    next.Done.TrySetResult(null);
                else
                    _groups--;
        }
        // They hold no place of a group: one of them may wait for its row for long.
        foreach (var pending in left)
            _ = WriteLeftAsync(pending);
        return (await own.Done.Task)!.Value;
    }

    Pending? MustWait(WriteBatch batch)
    {
        lock (_gate)
        {
            if (_groups < MostGroups)
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
            while (group.Count < MostTogether && _waiting.TryDequeue(out var next))
                group.Add(next);
        return group;
    }

    // Those that are left are to be written each by itself.
    async Task<IReadOnlyList<Pending>> WriteTogetherAsync(List<Pending> group)
    {
        try
        {
            await RunAsync(
                [
                    new Query<string>(ShortPatience, row => row.GetString(0)),
                    .. group.OrderBy(x => x.Batch.Place, StringComparer.Ordinal).SelectMany(x => x.Batch.Statements),
                ], group.Count);
            foreach (var pending in group)
                pending.Done.TrySetResult(Outcome.Committed);
            return [];
        }
        catch (PostgresException error) when (!PostgresErrors.IsAway(error))
        {
            // Nothing is committed: one of them was refused or has to wait, or others came in between.
            pool.Succeeded();
            return group;
        }
#pragma warning disable CA1031 // Their callers get the error, of whatever kind.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // It is not known whether they are committed.
            foreach (var pending in group.Where(x => !x.Batch.IsRepeatable))
                pending.Done.TrySetException(error);
            return [.. group.Where(x => x.Batch.IsRepeatable)];
        }
    }

    async Task WriteLeftAsync(Pending pending)
    {
        try
        {
            pending.Done.TrySetResult(await WriteAloneAsync(pending.Batch));
        }
#pragma warning disable CA1031 // Its caller gets the error, of whatever kind.
        catch (Exception error)
#pragma warning restore CA1031
        {
            pending.Done.TrySetException(error);
        }
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
