namespace Cote;

/// <summary>
/// The one way to the rows. Reads see what is committed; a write is a <see cref="WriteBatch"/> and is on disk (fsync)
/// when <see cref="WriteAsync"/> returns. A database that is unreachable, busy or out of disk throws
/// <see cref="ProblemException"/>, and then nothing of the batch is acknowledged.
/// </summary>
public sealed class Database(DatabaseEngine engine)
{
    /// <summary>The engine behind it: its health and how long it has been reachable.</summary>
    public DatabaseEngine Engine => engine;

    /// <summary>The words of SQL that differ between the engines.</summary>
    public SqlDialect Dialect => engine.Dialect;

    /// <summary>
    /// All rows of a query, or, with <paramref name="enough"/>, those up to the one for which it is true.
    /// </summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(
        Sql sql, Func<Row, T> map, CancellationToken ct, Func<T, bool>? enough = null)
    {
        await using var session = await engine.ReadAsync(ct);
        return await session.ListAsync(sql, map, ct, enough);
    }

    /// <summary>The first row of a query, or the default.</summary>
    public async Task<T?> FirstAsync<T>(Sql sql, Func<Row, T> map, CancellationToken ct)
    {
        await using var session = await engine.ReadAsync(ct);
        return await session.FirstAsync(sql, map, ct);
    }

    /// <summary>Several reads of one state of the database.</summary>
    public Task<ReadSession> SnapshotAsync(CancellationToken ct) => engine.SnapshotAsync(ct);

    /// <summary>Writes a batch. It cannot be cancelled once it has begun: it is committed or refused.</summary>
    public Task<Outcome> WriteAsync(WriteBatch batch) =>
        batch.Committed is null ? engine.WriteAsync(batch) : WriteAndTellAsync(batch, batch.Committed);

    async Task<Outcome> WriteAndTellAsync(WriteBatch batch, Action committed)
    {
        var outcome = await engine.WriteAsync(batch);
        if (outcome == Outcome.Committed)
            committed();
        return outcome;
    }
}
