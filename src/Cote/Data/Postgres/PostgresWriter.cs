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

    public async Task<Outcome> WriteAsync(WriteBatch batch)
    {
        try
        {
            if (Interlocked.Increment(ref _writing) > most)
                throw new ProblemException(Problems.Busy);
            for (var tries = 1; ; tries++)
            {
                try
                {
                    await RunAsync(batch);
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
                catch (Exception error) when (PostgresErrors.IsAway(error) && batch.IsRepeatable && tries == 1)
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

    async Task RunAsync(WriteBatch batch)
    {
        await using var connection = await pool.OpenRawAsync();
        await using var commands = new NpgsqlBatch(connection);
        foreach (var statement in batch.Statements)
        {
            // As an update locks that leaves the key alone: a row that only refers to this one need not wait.
            var command = new NpgsqlBatchCommand(statement.IsLock ? statement.Sql.Text + " for no key update" : statement.Sql.Text);
            PostgresArguments.Bind(command.Parameters, statement.Sql);
            commands.BatchCommands.Add(command);
        }
        await using (var reader = await commands.ExecuteReaderAsync())
        {
            var isFirst = true;
            foreach (var statement in batch.Statements)
            {
                if (!statement.Reads)
                    continue;
                if (!isFirst)
                    await reader.NextResultAsync();
                isFirst = false;
                await statement.ReadAsync(reader);
            }
            // To the very end: only there has it been committed.
            while (await reader.NextResultAsync())
            {
            }
        }
        for (var i = 0; i < batch.Statements.Count; i++)
            batch.Statements[i].Changed = (int)commands.BatchCommands[i].RecordsAffected;
    }
}
