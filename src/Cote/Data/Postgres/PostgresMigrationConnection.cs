using Npgsql;

namespace Cote.Data;

/// <summary>The session that holds the lock of migrations.</summary>
sealed class PostgresMigrationConnection(NpgsqlConnection connection) : MigrationConnection
{
    NpgsqlTransaction? _transaction;

    public override string Engine => PostgresDialect.Instance.Name;

    public override async Task BeginAsync() => _transaction = await connection.BeginTransactionAsync();

    public override Task CommitAsync() => _transaction!.CommitAsync();

    public override async Task RollBackAsync() => await _transaction!.DisposeAsync();

    public override async Task ExecuteAsync(string constant)
    {
        await using var command = new NpgsqlCommand(constant, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    public override async Task<IReadOnlyList<T>> ListAsync<T>(Sql sql, Func<Row, T> map) =>
        await PostgresReadSession.ListAsync(connection, sql, map, null, CancellationToken.None);

    public override string? CopyBefore(int migration) => null; // its operator makes the backups: docs/operations.md
}
