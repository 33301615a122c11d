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

    public override Sql Columns => $"""
        select cast(r.relname as text), cast(a.attname as text), format_type(a.atttypid, a.atttypmod),
          coalesce((select k.n from pg_index i, unnest(i.indkey) with ordinality as k (attnum, n)
            where i.indrelid = r.oid and i.indisprimary and k.attnum = a.attnum), 0)
        from pg_class r join pg_attribute a on a.attrelid = r.oid
        where r.relnamespace = cast(current_schema() as regnamespace) and r.relkind in ('r', 'p')
          and a.attnum > 0 and not a.attisdropped
        order by r.oid, a.attnum
        """;

    public override Task CompareByBytesAsync(string prefix) => ExecuteAsync($"""
        do $$
        declare
          c record;
        begin
          for c in select table_name, column_name from information_schema.columns
            where table_schema = current_schema() and starts_with(table_name, '{prefix}') and data_type = 'text'
              and collation_name is distinct from 'C'
          loop
            execute format('alter table %I alter column %I type text collate "C"', c.table_name, c.column_name);
          end loop;
        end
        $$
        """);

    public override string? CopyBefore(string migration) => null; // its operator makes the backups: docs/operations.md
}
