using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Cote.Data;

/// <summary>
/// Reads from PostgreSQL: each query on a connection of its own, or all of them within one transaction.
/// </summary>
/// <param name="pool">The connections.</param>
/// <param name="held">The connection of the transaction; null where there is none.</param>
/// <param name="isLong">Whether a query may take longer than the connection's own limit.</param>
sealed class PostgresReadSession(PostgresPool pool, NpgsqlConnection? held = null, bool isLong = false) : ReadSession
{
    public override async ValueTask<IReadOnlyList<T>> ListAsync<T>(
        Sql sql, Func<Row, T> map, CancellationToken ct, Func<T, bool>? enough = null)
    {
        for (var tries = 1; ; tries++)
        {
            var connection = held ?? await pool.OpenAsync(ct);
            try
            {
                var rows = await ListAsync(connection, sql, map, enough, ct, isLong);
                pool.Succeeded();
                return rows;
            }
            catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException)
            {
                var problem = pool.Failed(error);
                if (tries > 1 || held is not null || !PostgresErrors.IsAway(error))
                    throw problem;
            }
            finally
            {
                if (held is null)
                    await pool.CloseAsync(connection);
            }
        }
    }

    public override ValueTask DisposeAsync() => held is null ? default : pool.CloseAsync(held);

    /// <summary>The rows of a query on this connection, with the driver's errors as they come.</summary>
    internal static async Task<List<T>> ListAsync<T>(
        NpgsqlConnection connection, Sql sql, Func<Row, T> map, Func<T, bool>? enough, CancellationToken ct,
        bool isLong = false)
    {
        await using var command = new NpgsqlCommand(sql.Text, connection);
        if (isLong)
            command.CommandTimeout = 0;
        PostgresArguments.Bind(command.Parameters, sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (rows, at) = (new List<T>(), new PostgresRow(reader));
        while (await reader.ReadAsync(ct))
        {
            var row = map(at);
            rows.Add(row);
            if (enough?.Invoke(row) == true)
                break;
        }
        return rows;
    }
}
