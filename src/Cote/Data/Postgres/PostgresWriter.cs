using Npgsql;

namespace Cote.Data;

/// <summary>
/// Writes each batch in one round trip and one transaction. A batch that other transactions undid runs again; one whose
/// connection broke runs once more if it is repeatable.
/// </summary>
sealed class PostgresWriter(PostgresPool pool, int capacity, Clock clock)
{
    const int MostTries = 6;

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
            for (var tries = 1; ; tries++)
            {
                try
                {
                    var began = clock.Ticks;
                    await RunAsync(batch);
                    DataMetrics.OnCommitted(1, clock.Since(began));
                    pool.Succeeded();
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
        catch (Exception error) when (PostgresErrors.IsOfDatabase(error))
        {
            throw pool.Failed(error);
        }
        finally
        {
            Interlocked.Decrement(ref _writing);
        }
    }

    async Task RunAsync(WriteBatch batch)
    {
        await using var connection = await pool.OpenRawAsync();
        await using var commands = new NpgsqlBatch(connection);
        foreach (var statement in batch.Statements)
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
            foreach (var statement in batch.Statements.Where(x => x.ReturnsRows))
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
        for (var i = 0; i < batch.Statements.Count; i++)
            batch.Statements[i].Changed = (int)commands.BatchCommands[i].RecordsAffected;
    }
}
