using System.Data.Common;
using System.Net.Sockets;
using Cote.Primitives;
using Npgsql;

namespace Cote.Data;

/// <summary>
/// Writes units, each as one batch: one round trip, one transaction. What others undid is run again, and once more what
/// was cut off and can be repeated.
/// </summary>
sealed class PostgresWriter(PostgresPool pool, int most)
{
    const int MostTries = 6;

    int _writing;

    public async Task<Outcome> WriteAsync(WriteBatch unit)
    {
        try
        {
            if (Interlocked.Increment(ref _writing) > most)
                throw new ProblemException(Problems.Busy);
            for (var tries = 1; ; tries++)
            {
                try
                {
                    await RunAsync(unit);
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
                    // At a deadlock all but one have lost: not all at the same moment again.
                    await Task.Delay(Random.Shared.Next(1, 5 << tries));
                }
                catch (Exception error) when (PostgresErrors.IsAway(error) && unit.IsRepeatable && tries == 1)
                {
                    pool.Failed(error);
                }
            }
        }
        catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            throw pool.Failed(error);
        }
        finally
        {
            Interlocked.Decrement(ref _writing);
        }
    }

    async Task RunAsync(WriteBatch unit)
    {
        await using var connection = await pool.OpenRawAsync();
        await using var batch = new NpgsqlBatch(connection);
        foreach (var step in unit.Statements)
        {
            // As an update locks that leaves the key alone: a row that only refers to this one need not wait.
            var command = new NpgsqlBatchCommand(step.IsLock ? step.Sql.Text + " for no key update" : step.Sql.Text);
            PostgresArguments.Bind(command.Parameters, step.Sql);
            batch.BatchCommands.Add(command);
        }
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            var isFirst = true;
            foreach (var step in unit.Statements)
            {
                if (!step.Reads)
                    continue;
                if (!isFirst)
                    await reader.NextResultAsync();
                isFirst = false;
                await step.ReadAsync(reader);
            }
            // To the very end: only there has it been committed.
            while (await reader.NextResultAsync())
            {
            }
        }
        for (var i = 0; i < unit.Statements.Count; i++)
            unit.Statements[i].Changed = (int)batch.BatchCommands[i].RecordsAffected;
    }
}
