using System.Data.Common;

namespace Cote.Data;

/// <summary>
/// The one way to the rows. Reads see what is committed; a write is a <see cref="WriteBatch"/> and is on disk (fsync) when
/// <see cref="WriteAsync"/> answers. A database that is away, busy or out of disk throws
/// <see cref="Primitives.ProblemException"/>, and then nothing of the unit was acknowledged.
/// </summary>
public sealed class Database(DatabaseEngine dialect)
{
    /// <summary>What differs between the engines.</summary>
    public DatabaseEngine Dialect => dialect;

    /// <summary>All rows of a query, or, with <paramref name="enough"/>, those up to the one where it says so.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(
        Sql sql, Func<Row, T> map, CancellationToken ct, Func<T, bool>? enough = null)
    {
        await using var view = await dialect.ReadAsync(ct);
        return await view.ListAsync(sql, map, ct, enough);
    }

    /// <summary>The first row of a query, or the default.</summary>
    public async Task<T?> FirstAsync<T>(Sql sql, Func<Row, T> map, CancellationToken ct)
    {
        await using var view = await dialect.ReadAsync(ct);
        return await view.FirstAsync(sql, map, ct);
    }

    /// <summary>Several reads of one state of the database.</summary>
    public Task<ReadSession> SnapshotAsync(CancellationToken ct) => dialect.SnapshotAsync(ct);

    /// <summary>Writes a unit. It cannot be cancelled once it has begun: what was asked for is done or refused.</summary>
    public Task<Outcome> WriteAsync(WriteBatch unit) => dialect.WriteAsync(unit);
}
