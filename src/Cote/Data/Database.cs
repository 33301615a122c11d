using System.Data.Common;

namespace Cote.Data;

/// <summary>
/// The one way to the rows. Reads see what is committed; a write is a <see cref="WriteBatch"/> and is on disk (fsync) when
/// <see cref="WriteAsync"/> answers. A database that is away, busy or out of disk throws
/// <see cref="Primitives.ProblemException"/>, and then nothing of the unit was acknowledged.
/// </summary>
public sealed class Database(DatabaseEngine engine)
{
    /// <summary>What differs between the engines.</summary>
    public DatabaseEngine Dialect => engine;

    /// <summary>The engine below.</summary>
    public DatabaseEngine Engine => engine;

    /// <summary>All rows of a query, or, with <paramref name="enough"/>, those up to the one where it says so.</summary>
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

    /// <summary>Writes a unit. It cannot be cancelled once it has begun: what was asked for is done or refused.</summary>
    public Task<Outcome> WriteAsync(WriteBatch batch) => engine.WriteAsync(batch);
}
