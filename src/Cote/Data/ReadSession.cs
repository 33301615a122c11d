namespace Cote;

/// <summary>Reads from the database. A session of a snapshot shows one state, however long it is kept.</summary>
public abstract class ReadSession : IAsyncDisposable
{
    /// <summary>
    /// All rows of a query, or, with <paramref name="enough"/>, those up to the one for which it is true.
    /// </summary>
    public abstract ValueTask<IReadOnlyList<T>> ListAsync<T>(
        Sql sql, Func<Row, T> map, CancellationToken ct, Func<T, bool>? enough = null);

    /// <summary>The first row of a query, or the default.</summary>
    public async ValueTask<T?> FirstAsync<T>(Sql sql, Func<Row, T> map, CancellationToken ct)
    {
        var rows = await ListAsync(sql, map, ct, static _ => true);
        return rows.Count > 0 ? rows[0] : default;
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
