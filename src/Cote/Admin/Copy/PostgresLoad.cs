using Cote.Data;
using Npgsql;
using NpgsqlTypes;

namespace Cote.Admin;

/// <summary>
/// Fills an empty PostgreSQL database page by page. Each page is committed with a note of its position, so that the
/// copy can be cut off anywhere. One session does it all and holds the lock against a second copy.
/// </summary>
sealed class PostgresLoad : IAsyncDisposable
{
    const long LoadLock = 0x636F7079; // "copy"
    static readonly TimeSpan LockWithin = TimeSpan.FromSeconds(10);
    static readonly TimeSpan LockAgainAfter = TimeSpan.FromMilliseconds(200);

    readonly NpgsqlConnection _connection;

    PostgresLoad(NpgsqlConnection connection) => _connection = connection;

    /// <summary>
    /// Takes the lock. The server may not have noticed yet that a copy before was killed: it waits for a while.
    /// </summary>
    public static async Task<PostgresLoad> OpenAsync(PostgresEngine target, Clock clock, CancellationToken ct)
    {
        var load = new PostgresLoad(await target.OpenConnectionAsync(ct));
        for (var began = clock.Ticks; !await load.TryLockAsync(ct);)
        {
            if (clock.Since(began) > LockWithin)
                throw new StartupException("Another copy into this database is running.");
            await Task.Delay(LockAgainAfter, clock.Provider, ct);
        }
        // A page that a crash of the server undoes loses its note too; the last commit is an ordinary one and waits
        // for all.
        await load.ExecuteAsync($"set synchronous_commit = off", ct);
        return load;
    }

    /// <summary>Begins a copy of this source, or goes on with it; true where it goes on.</summary>
    public async Task<bool> BeginAsync(string source, IReadOnlyList<CopyTable> tables, CancellationToken ct)
    {
        // The connections of the copy itself have another name.
        if (await FirstAsync(
            $"""
            select count(*) from pg_stat_activity
            where datname = current_database() and application_name like 'cote %' and pid <> pg_backend_pid()
            """, row => row.GetInt64(0), ct) > 0)
            throw new StartupException("A node of Cote is connected to the target database. Stop it first.");
        if (await FirstAsync(UnfinishedCopy.Source, row => row.GetString(0), ct) is { } begun)
            return begun == source ? true : throw new StartupException(
                "The target holds an unfinished copy of another database, or of this one before it was served again. "
                + "Drop the target, create it anew, and begin again.");
        foreach (var table in tables.Where(x => !x.IsSeeded))
            if (await FirstAsync($"select 1 from {Sql.Names(table.Name)} limit 1", _ => true, ct))
                throw new StartupException(
                    $"The target is not empty: its table {table.Name} has rows. "
                    + "Name a new database for the copy; one that has come to its end needs no second call.");
        await using var transaction = await _connection.BeginTransactionAsync(ct);
        foreach (var table in tables.Where(x => x.IsSeeded).Reverse()) // the source brings its own
            await ExecuteAsync($"delete from {Sql.Names(table.Name)} where {table.Condition}", ct);
        await ExecuteAsync(UnfinishedCopy.Begin(source), ct);
        await transaction.CommitAsync(ct);
        return false;
    }

    /// <summary>The position in a table.</summary>
    public async Task<KeysetPosition> PositionOfAsync(string table, CancellationToken ct) =>
        UnfinishedCopy.Read(await FirstAsync(UnfinishedCopy.Progress(table), row => row.GetString(0), ct));

    /// <summary>Notes the position in a table.</summary>
    public Task NoteAsync(string table, KeysetPosition position, CancellationToken ct) =>
        ExecuteAsync(UnfinishedCopy.Note(table, position), ct);

    /// <summary>Writes a page of a table, and the position after it.</summary>
    public async Task WriteAsync(
        CopyTable table, IReadOnlyList<Column> columns, IReadOnlyList<object?[]> rows, KeysetPosition position,
        CancellationToken ct)
    {
        await using var transaction = await _connection.BeginTransactionAsync(ct);
        await using (var copy = await _connection.BeginBinaryImportAsync(
            $"copy {table.Name} ({Sql.Names(columns.Select(x => x.Name)).Text}) from stdin (format binary)", ct))
        {
            foreach (var row in rows)
            {
                await copy.StartRowAsync(ct);
                for (var i = 0; i < row.Length; i++)
                    await WriteAsync(copy, row[i], ct);
            }
            await copy.CompleteAsync(ct);
        }
        await NoteAsync(table.Name, position, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Updates the planner's statistics: autovacuum would come too late after so many rows.</summary>
    public Task AnalyzeAsync(CancellationToken ct) => ExecuteAsync($"analyze", ct);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    static Task WriteAsync(NpgsqlBinaryImporter copy, object? value, CancellationToken ct) => value switch
    {
        null => copy.WriteNullAsync(ct),
        string text => copy.WriteAsync(text, NpgsqlDbType.Text, ct),
        long number => copy.WriteAsync(number, NpgsqlDbType.Bigint, ct),
        double number => copy.WriteAsync(number, NpgsqlDbType.Double, ct),
        _ => copy.WriteAsync((byte[])value, NpgsqlDbType.Bytea, ct),
    };

    Task<bool> TryLockAsync(CancellationToken ct) => FirstAsync(
        $"select case when pg_try_advisory_lock({LoadLock}) then 1::bigint else 0 end",
        row => row.GetInt64(0) != 0, ct);

    async Task<T?> FirstAsync<T>(Sql sql, Func<Row, T> map, CancellationToken ct) =>
        await PostgresReadSession.ListAsync(_connection, sql, map, null, ct) is [var first, ..] ? first : default;

    async Task ExecuteAsync(Sql sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql.Text, _connection) { CommandTimeout = 0 };
        PostgresArguments.Bind(command.Parameters, sql);
        await command.ExecuteNonQueryAsync(ct);
    }
}
